import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { deserialize, serialize } from "node:v8";
import type { TraceFile } from "../trace/types";
import type { ScanRecord } from "./scannedTrace";

/** Grows with every change of what is kept or of how it is computed: what older versions wrote is then not read. */
const version = 1;
const sampleBytes = 65_536;
const defaultMegabytes = 2048;

/**
 * What was computed from traces, on disk: scans, imported copies of foreign traces, symbols that traces carry. Safe to delete at any time. Never a
 * reason for a failure: what cannot be read is computed again, what cannot be written is not kept.
 */
export class ResultCache {
  /** Keeps nothing. */
  static readonly none = new ResultCache(null);

  constructor(
    private readonly folder: string | null,
    private readonly maximumBytes = cacheBytesFromEnvironment(),
  ) {}

  async loadScan(file: TraceFile): Promise<ScanRecord | null> {
    if (this.folder === null) return null;
    try {
      const name = await this.#path("scan", file.path);
      const stored = deserialize(await readFile(name)) as { version: number; blocks: number; record: ScanRecord };
      if (stored.version !== version || stored.blocks !== file.blocks.count) return null;
      await touch(name);
      return stored.record;
    } catch {
      return null;
    }
  }

  async saveScan(file: TraceFile, record: ScanRecord): Promise<void> {
    if (this.folder === null) return;
    try {
      await mkdir(this.folder, { recursive: true });
      const name = await this.#path("scan", file.path);
      const temporary = `${name}.${process.pid}.${randomBytes(4).toString("hex")}.part`;
      await writeFile(temporary, serialize({ version, blocks: file.blocks.count, record }));
      await rename(temporary, name);
      await this.trim();
    } catch {
      // a full or read-only disk: the next opening computes again
    }
  }

  /** Where the imported copy of a foreign trace is, or is to be written; its folder exists. */
  async importPath(source: string): Promise<string> {
    await mkdir(this.#existing, { recursive: true });
    return `${await this.#path("import", source)}.bst`;
  }

  /** False: there is no folder to put anything into. */
  get keeps(): boolean {
    return this.folder !== null;
  }

  /** Where the symbols that a trace carries are, or are to be written; its folder exists. */
  async symbolsPath(source: string): Promise<string> {
    await mkdir(this.#existing, { recursive: true });
    return `${await this.#path("symbols", source)}.vmlinux`;
  }

  /** To be called after a file was added: removes what was not used for longest until the rest fits. */
  async trim(): Promise<void> {
    const folder = this.#existing;
    const names = await readdir(folder).catch(() => []);
    const files = await Promise.all(
      names
        .filter((name) => /^(scan|import|symbols)-/.test(name))
        .map(async (name) => {
          const file = path.join(folder, name);
          const { size, mtimeMs } = await stat(file);
          return { file, size, mtimeMs };
        }),
    );
    let bytes = files.reduce((sum, { size }) => sum + size, 0);
    for (const { file, size } of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
      if (bytes <= this.maximumBytes) break;
      await rm(file, { force: true });
      bytes -= size;
    }
  }

  get #existing(): string {
    if (this.folder === null) throw new Error("a cache that keeps nothing has no folder");
    return this.folder;
  }

  async #path(kind: "scan" | "import" | "symbols", source: string): Promise<string> {
    return path.join(this.#existing, `${kind}-${await fingerprint(source)}`);
  }
}

/** Tells a file's content from any other's without reading it: path, size, time of change, first and last 64 KiB. */
async function fingerprint(source: string): Promise<string> {
  const file = await open(source, "r");
  try {
    const { size, mtimeMs } = await file.stat();
    const hash = createHash("sha256").update(`${version}\0${path.resolve(source)}\0${size}\0${mtimeMs}\0`);
    for (const position of [0, Math.max(0, size - sampleBytes)]) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(sampleBytes), 0, sampleBytes, position);
      hash.update(buffer.subarray(0, bytesRead));
    }
    return hash.digest("hex").slice(0, 32);
  } finally {
    await file.close();
  }
}

const touch = async (file: string): Promise<void> => {
  const now = new Date();
  await utimes(file, now, now).catch(() => undefined);
};

/** The bound that the user set, as the face passes it to the engine. */
function cacheBytesFromEnvironment(): number {
  const megabytes = Number(process.env["BOOTSCOPE_CACHE_MEGABYTES"] ?? defaultMegabytes);
  return (Number.isFinite(megabytes) && megabytes > 0 ? megabytes : defaultMegabytes) * 1024 * 1024;
}
