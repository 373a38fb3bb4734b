import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { deserialize, serialize } from "node:v8";
import { isInlinedAttribution, type InlinedAttribution } from "../analysis/inlinedFunctions";
import { noStore, type ImagePart, type ImageStore } from "../symbols/imageStore";
import type { TraceFile } from "../trace/types";
import { DownloadStore } from "./debuginfod/store";
import { fileFingerprint } from "./fileFingerprint";
import { lastUse, touch } from "./lastUse";
import { fitsTrace, type NamingRecord } from "./namingRecord";
import type { ScanRecord } from "./scannedTrace";

/** Grows with every change of what is kept or of how it is computed: what older versions wrote is then not read. */
const version = 9;
/** The same for what is kept of images. */
const imageVersion = 2;
const defaultMegabytes = 2048;

/**
 * What was computed from traces, on disk: scans, names, imported copies of foreign traces, symbols that traces carry. Safe to
 * delete at any time. Never a reason for a failure: what cannot be read is computed again, what cannot be written is not kept.
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
      return (await this.#load(await this.#path("scan", file.path), file)) as ScanRecord | null;
    } catch {
      return null;
    }
  }

  async saveScan(file: TraceFile, record: ScanRecord): Promise<void> {
    if (this.folder === null) return;
    try {
      await this.#save(await this.#path("scan", file.path), file, record);
    } catch {
      // a full or read-only disk: the next opening computes again
    }
  }

  /** What naming the trace by the best of these candidates came to (their `candidatesKey`). */
  async loadNaming(file: TraceFile, candidates: string): Promise<NamingRecord | null> {
    if (this.folder === null) return null;
    try {
      const record = (await this.#load(await this.#path("names", file.path, candidates), file)) as NamingRecord | null;
      return record !== null && fitsTrace(record, file.blocks.count) ? record : null;
    } catch {
      return null;
    }
  }

  async saveNaming(file: TraceFile, candidates: string, record: NamingRecord): Promise<void> {
    if (this.folder === null) return;
    try {
      await this.#save(await this.#path("names", file.path, candidates), file, record);
    } catch {
      // as above
    }
  }

  /** Costs of inlined functions, with the names of the same candidates. */
  async loadInlined(file: TraceFile, candidates: string): Promise<InlinedAttribution | null> {
    if (this.folder === null) return null;
    try {
      const name = await this.#path("inlined", file.path, candidates);
      const found = (await this.#load(name, file)) as InlinedAttribution | null;
      return found !== null && isInlinedAttribution(found, file.blocks.count) ? found : null;
    } catch {
      return null;
    }
  }

  async saveInlined(file: TraceFile, candidates: string, found: InlinedAttribution): Promise<void> {
    if (this.folder === null) return;
    try {
      await this.#save(await this.#path("inlined", file.path, candidates), file, found);
    } catch {
      // as above
    }
  }

  /**
   * What was read of an image, for all traces and windows.
   * @param ofVersion of what is kept: another one's entries are not read
   */
  imageStore(identity: string, ofVersion = imageVersion): ImageStore {
    const { folder } = this;
    if (folder === null) return noStore;
    const hash = createHash("sha256").update(`${ofVersion}\0${identity}`).digest("hex").slice(0, 32);
    const nameOf = (part: ImagePart): string => path.join(folder, `image-${hash}-${part}`);
    return {
      load: async (part) => {
        try {
          const bytes = await readFile(nameOf(part));
          await touch(nameOf(part));
          return deserialize(bytes) as unknown;
        } catch {
          return null;
        }
      },
      save: async (part, content) => {
        try {
          await this.#write(nameOf(part), content);
        } catch {
          // as above
        }
      },
    };
  }

  /**
   * Where the imported copy of a foreign trace is, or is to be written; its folder exists.
   * @param of what the import depends on besides the trace
   */
  async importPath(source: string, of: string): Promise<string> {
    await mkdir(this.#existing, { recursive: true });
    return `${await this.#path("import", source, of)}.bst`;
  }

  /** Where an import is to be written that nobody will look for: of a pipe, which comes once, one that may be stopped, or part of one. */
  async passingPath(): Promise<string> {
    await mkdir(this.#existing, { recursive: true });
    return path.join(this.#existing, `import-passing-${randomBytes(8).toString("hex")}.bst`);
  }

  /** False: there is no folder to put anything into. */
  get keeps(): boolean {
    return this.folder !== null;
  }

  /** Where the files of initial RAM disks may be extracted to; null: nowhere. */
  get extractionFolder(): string | null {
    return this.folder;
  }

  /** What was downloaded from debuginfod servers, within a bound of its own of the same size; null: nothing is kept. */
  get downloads(): DownloadStore | null {
    return this.folder === null ? null : new DownloadStore(path.join(this.folder, "debuginfod"), this.maximumBytes);
  }

  /** Where the symbols that a trace carries are, or are to be written; its folder exists. */
  async symbolsPath(source: string): Promise<string> {
    await mkdir(this.#existing, { recursive: true });
    return `${await this.#path("symbols", source)}.vmlinux`;
  }

  /** As `trim`, for who has no time to wait. What goes wrong with it is tried again with the next file. */
  trimSoon(): void {
    void this.trim().catch(() => undefined);
  }

  /** To be called after a file was added: removes what was not used for longest until the rest fits. */
  async trim(): Promise<void> {
    const folder = this.#existing;
    const names = await readdir(folder).catch(() => []);
    const found = await Promise.all(
      names
        .filter((name) => /^(scan|names|inlined|image|import|symbols)-/.test(name))
        .map(async (name) => {
          const file = path.join(folder, name);
          // Another process may take it away meanwhile.
          const known = await stat(file).catch(() => null);
          return known === null ? [] : [{ file, size: known.size, usedMs: lastUse(known) }];
        }),
    );
    const files = found.flat();
    let bytes = files.reduce((sum, { size }) => sum + size, 0);
    for (const { file, size } of files.sort((a, b) => a.usedMs - b.usedMs)) {
      if (bytes <= this.maximumBytes) break;
      await rm(file, { force: true });
      bytes -= size;
    }
  }

  get #existing(): string {
    if (this.folder === null) throw new Error("a cache that keeps nothing has no folder");
    return this.folder;
  }

  /** The record in an entry of this version for a trace with as many blocks; rejects when there is no readable one. */
  async #load(name: string, { blocks }: TraceFile): Promise<unknown> {
    const stored = deserialize(await readFile(name)) as { version: number; blocks: number; record: unknown };
    if (stored.version !== version || stored.blocks !== blocks.count) return null;
    await touch(name);
    return stored.record;
  }

  async #save(name: string, { blocks }: TraceFile, record: unknown): Promise<void> {
    await this.#write(name, { version, blocks: blocks.count, record });
  }

  async #write(name: string, content: object): Promise<void> {
    await mkdir(this.#existing, { recursive: true });
    const temporary = `${name}.${process.pid}.${randomBytes(4).toString("hex")}.part`;
    await writeFile(temporary, serialize(content));
    await rename(temporary, name);
    await this.trim();
  }

  /** @param of what the entry depends on besides the trace */
  async #path(kind: "scan" | "names" | "inlined" | "import" | "symbols", source: string, of = ""): Promise<string> {
    const hash = createHash("sha256").update(`${version}\0${await fileFingerprint(source)}\0${of}`);
    return path.join(this.#existing, `${kind}-${hash.digest("hex").slice(0, 32)}`);
  }
}

/** The bound that the user set, as the face passes it to the engine. */
function cacheBytesFromEnvironment(): number {
  const megabytes = Number(process.env["BOOTSCOPE_CACHE_MEGABYTES"] ?? defaultMegabytes);
  return (Number.isFinite(megabytes) && megabytes > 0 ? megabytes : defaultMegabytes) * 1024 * 1024;
}
