import { stat } from "node:fs/promises";
import { detectFormat } from "../trace/import/detect";
import { importTrace, type ImportOptions } from "../trace/import/importTrace";
import { openForReading } from "../trace/reader";
import type { ResultCache } from "./resultCache";

/** A file that somebody wants to see as a trace. */
export interface TraceSource {
  readonly path: string;
  readonly bytes: number;
  /** "bst", or the foreign format. */
  readonly format: string;
  /** Has to be imported before anything can be asked. */
  readonly foreign: boolean;
}

/** What kind of trace a file is, by its content. Rejects with `not-found`, `unreadable`, `not-a-trace` or `unsupported`. */
export async function describeSource(path: string): Promise<TraceSource> {
  const file = await openForReading(path);
  try {
    const { size } = await file.stat();
    const { format } = await detectFormat(file, path, size);
    return { path, bytes: size, format, foreign: format !== "bst" };
  } finally {
    await file.close();
  }
}

/** The .bst form of a foreign trace: from the cache, or imported into it. Rejects as `importTrace` does. */
export async function importedCopy(source: TraceSource, cache: ResultCache, options: ImportOptions): Promise<string> {
  const copy = await cache.importPath(source.path);
  const known = await stat(copy).catch(() => null);
  if (known === null) {
    await importTrace(source.path, copy, options);
    await cache.trim();
  }
  return copy;
}
