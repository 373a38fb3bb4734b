import { rename, rm, stat } from "node:fs/promises";
import { BootscopeError } from "../protocol/failure";
import { eventCatalogPaths } from "../trace/events/traceEventsFiles";
import { detectFormat } from "../trace/import/detect";
import { unpackOrImport } from "../trace/import/importTrace";
import { isBeingWritten } from "../trace/import/input/followedFile";
import { isPipe } from "../trace/import/input/pipe";
import { openTraceInput } from "../trace/import/openTraceInput";
import type { ImportOptions } from "../trace/import/traceFormat";
import { fileFingerprint } from "./fileFingerprint";
import { touch } from "./lastUse";
import type { ResultCache } from "./resultCache";

/** The format of what shows only while it is read: of a pipe, or of a file that has too little in it yet. */
export const formatToCome = "";

/** A file, or a pipe, that somebody wants to see as a trace. */
export interface TraceSource {
  readonly path: string;
  /** All that it is read from. */
  readonly files: readonly string[];
  /** 0 while they are not all there. */
  readonly bytes: number;
  /** "bst", the foreign format, or `formatToCome`. */
  readonly format: string;
  /** Has to be imported before anything can be asked: another format, compressed, or a pipe. */
  readonly foreign: boolean;
  /** Somebody is writing it: a file that can be followed, or a pipe. */
  readonly live: "file" | "pipe" | null;
}

/**
 * What kind of trace a file is, by its content.
 * @param follow whether to find out if it is still being written
 * Rejects with `not-found`, `unreadable`, `not-a-trace` or `unsupported`.
 */
export async function describeSource(path: string, follow: boolean): Promise<TraceSource> {
  const unknown = { path, files: [path], bytes: 0, format: formatToCome, foreign: true };
  // What is read from a pipe is gone: the import will find out what it is.
  if (await isPipe(path)) return { ...unknown, live: follow ? "pipe" : null };
  const input = await openTraceInput(path);
  const { path: found, files, bytesTotal: bytes, file } = input;
  const isLive = follow && (await isAnyBeingWritten(files));
  try {
    const { format } = await detectFormat(input);
    const live = isLive ? ("file" as const) : null;
    const size = live === null ? bytes : 0;
    return { path: found, files, bytes: size, format, foreign: format !== "bst" || file === null, live };
  } catch (error) {
    // Its beginning may be yet to come.
    const isShort = error instanceof BootscopeError && error.code === "not-a-trace";
    if (!isLive || !isShort) throw error;
    return { ...unknown, live: "file" };
  } finally {
    await input.close();
  }
}

async function isAnyBeingWritten(files: readonly string[]): Promise<boolean> {
  for (const file of files) if (await isBeingWritten(file)) return true;
  return false;
}

/**
 * The .bst form of a foreign trace: from the cache, or imported into it. One that was stopped is not found there again.
 * Rejects as `unpackOrImport` does.
 */
export async function importedCopy(source: TraceSource, cache: ResultCache, options: ImportOptions): Promise<string> {
  if (source.live === "file") return importToItsEnd(source, cache, options);
  if (source.format === formatToCome) return importAnew(source, cache, options);
  const copy = await cache.importPath(source.path, await otherFilesKey(source, options.traceEvents));
  const known = await stat(copy).catch(() => null);
  if (known !== null) {
    await touch(copy);
    return copy;
  }
  const made = await importAnew(source, cache, options);
  if (options.stop?.aborted === true) return made;
  await rename(made, copy);
  await touch(copy);
  return copy;
}

/** Of a file that is still being written: kept for the file as it is in the end. */
async function importToItsEnd(source: TraceSource, cache: ResultCache, options: ImportOptions): Promise<string> {
  const seen = { bytes: 0, isLost: false };
  const progress = (done: number, total: number): void => {
    seen.bytes = done;
    options.progress?.(done, total);
  };
  const onLost = (): void => {
    seen.isLost = true;
    options.follow?.onLost();
  };
  const follow = options.follow && { ...options.follow, onLost };
  const made = await importAnew(source, cache, { ...options, progress, follow });
  if (options.stop?.aborted === true || seen.isLost) return made;
  const now = await describeSource(source.path, false).catch(() => null);
  if (now !== null && now.files.length > 1) {
    // Lines of several logs came as they were written: in their reading order they become what they always become.
    await rm(made, { force: true });
    return importedCopy(now, cache, { ...options, follow: undefined, onGrown: () => undefined });
  }
  if (now?.bytes !== seen.bytes) return made;
  const copy = await cache.importPath(source.path, await otherFilesKey(source, options.traceEvents));
  await rename(made, copy);
  return copy;
}

/** Imports into a file of the cache that nobody will look for. */
async function importAnew(source: TraceSource, cache: ResultCache, options: ImportOptions): Promise<string> {
  const copy = await cache.passingPath();
  await unpackOrImport(source.path, copy, options);
  cache.trimSoon();
  return copy;
}

/** What an import depends on besides the trace: the other logs of its run, and the files that describe its events. */
async function otherFilesKey({ path, files }: TraceSource, given: string | undefined): Promise<string> {
  const { own, installed } = await eventCatalogPaths(path, given);
  const others = [...files.filter((file) => file !== path), own, installed].filter((file) => file !== null);
  const keys = await Promise.all(others.map((file) => fileFingerprint(file).catch(() => "")));
  return keys.join(" ");
}
