import { rename, stat } from "node:fs/promises";
import { eventCatalogPaths } from "../trace/events/traceEventsFiles";
import { detectFormat } from "../trace/import/detect";
import { unpackOrImport } from "../trace/import/importTrace";
import { isPipe } from "../trace/import/input/pipe";
import { openTraceInput } from "../trace/import/openTraceInput";
import type { ImportOptions } from "../trace/import/traceFormat";
import { fileFingerprint } from "./fileFingerprint";
import type { ResultCache } from "./resultCache";

/** The format of a pipe while it is read. */
export const pipeFormat = "pipe";

/** A file, or a pipe, that somebody wants to see as a trace. */
export interface TraceSource {
  readonly path: string;
  /** All that it is read from. */
  readonly files: readonly string[];
  readonly bytes: number;
  /** "bst", the foreign format, or `pipeFormat` where that shows only while it is read. */
  readonly format: string;
  /** Has to be imported before anything can be asked: another format, compressed, or a pipe. */
  readonly foreign: boolean;
}

/** What kind of trace a file is, by its content. Rejects with `not-found`, `unreadable`, `not-a-trace` or `unsupported`. */
export async function describeSource(path: string): Promise<TraceSource> {
  // What is read from a pipe is gone: the import will find out what it is.
  if (await isPipe(path)) return { path, files: [path], bytes: 0, format: pipeFormat, foreign: true };
  const input = await openTraceInput(path);
  try {
    const { format } = await detectFormat(input);
    const { path: found, files, bytesTotal: bytes, file } = input;
    return { path: found, files, bytes, format, foreign: format !== "bst" || file === null };
  } finally {
    await input.close();
  }
}

/**
 * The .bst form of a foreign trace: from the cache, or imported into it. One that was stopped is not found there again.
 * Rejects as `unpackOrImport` does.
 */
export async function importedCopy(source: TraceSource, cache: ResultCache, options: ImportOptions): Promise<string> {
  if (source.format === pipeFormat) return importAnew(source, cache, options);
  const copy = await cache.importPath(source.path, await otherFilesKey(source, options.traceEvents));
  const known = await stat(copy).catch(() => null);
  if (known !== null) return copy;
  const made = await importAnew(source, cache, options);
  if (options.stop?.aborted === true) return made;
  await rename(made, copy);
  return copy;
}

/** Imports into a file of the cache that nobody will look for. */
async function importAnew(source: TraceSource, cache: ResultCache, options: ImportOptions): Promise<string> {
  const copy = await cache.passingPath();
  await unpackOrImport(source.path, copy, options);
  await cache.trim();
  return copy;
}

/** What an import depends on besides the trace: the other logs of its run, and the files that describe its events. */
async function otherFilesKey({ path, files }: TraceSource, given: string | undefined): Promise<string> {
  const { own, installed } = await eventCatalogPaths(path, given);
  const others = [...files.filter((file) => file !== path), own, installed].filter((file) => file !== null);
  const keys = await Promise.all(others.map((file) => fileFingerprint(file).catch(() => "")));
  return keys.join(" ");
}
