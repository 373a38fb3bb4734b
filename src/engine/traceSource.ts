import { rename, stat } from "node:fs/promises";
import { eventCatalogPaths } from "../trace/events/traceEventsFiles";
import { detectFormat } from "../trace/import/detect";
import { unpackOrImport } from "../trace/import/importTrace";
import { isPipe } from "../trace/import/input/pipe";
import { openInput } from "../trace/import/input/traceInput";
import type { ImportOptions } from "../trace/import/traceFormat";
import { fileFingerprint } from "./fileFingerprint";
import type { ResultCache } from "./resultCache";

/** The format of a pipe while it is read. */
export const pipeFormat = "pipe";

/** A file, or a pipe, that somebody wants to see as a trace. */
export interface TraceSource {
  readonly path: string;
  readonly bytes: number;
  /** "bst", the foreign format, or `pipeFormat` where that shows only while it is read. */
  readonly format: string;
  /** Has to be imported before anything can be asked: another format, compressed, or a pipe. */
  readonly foreign: boolean;
}

/** What kind of trace a file is, by its content. Rejects with `not-found`, `unreadable`, `not-a-trace` or `unsupported`. */
export async function describeSource(path: string): Promise<TraceSource> {
  // What is read from a pipe is gone: the import will find out what it is.
  if (await isPipe(path)) return { path, bytes: 0, format: pipeFormat, foreign: true };
  const input = await openInput(path);
  try {
    const { format } = await detectFormat(input);
    return { path: input.path, bytes: input.bytesTotal, format, foreign: format !== "bst" || input.file === null };
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
  const copy = await cache.importPath(source.path, await eventFilesKey(source.path));
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

/** Which files describe the events of a trace: put another beside it, and it has to be imported anew. */
async function eventFilesKey(tracePath: string): Promise<string> {
  const { own, installed } = await eventCatalogPaths(tracePath);
  const files = [own, installed].filter((file) => file !== null);
  const keys = await Promise.all(files.map((file) => fileFingerprint(file).catch(() => "")));
  return keys.join(" ");
}
