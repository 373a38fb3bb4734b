import { rm } from "node:fs/promises";
import { BootscopeError } from "../../protocol/failure";
import { ElfFile } from "../../symbols/elf/elfFile";
import { readBuildId } from "../../symbols/elf/notes";
import { download, usualLimits, type ByteProgress, type DownloadLimits } from "./download";
import { missingForMs, type DebuginfodKind, type DownloadStore } from "./store";

/** Who is told what goes on. */
export interface DebuginfodListener {
  readonly progress: ByteProgress;
  /** A server failed; it is not asked again by this client. */
  readonly failed: (failure: BootscopeError) => void;
}

/** What asking the servers came to. */
export interface DebuginfodState {
  /** Files that no server has, or that could not be got. */
  readonly missing: number;
  /** When asking again may find more: milliseconds since 1970, Infinity when nothing was missing. */
  readonly askAgainAt: number;
}

/**
 * Asks debuginfod servers for files by build-id (debuginfod(8), "WEBAPI"), and keeps what came. Nothing is used but ELF files with
 * the build-id that was asked for. Never rejects: a server that fails costs its files, and is told to the listener.
 */
export class DebuginfodClient {
  readonly #stop = new AbortController();
  readonly #failed = new Set<string>();
  readonly #running = new Map<string, Promise<string | null>>();
  #state: DebuginfodState = { missing: 0, askAgainAt: Infinity };

  /** @param servers as `debuginfodServers` gives them, at least one */
  constructor(
    readonly servers: readonly string[],
    private readonly store: DownloadStore,
    private readonly listener: DebuginfodListener,
    private readonly limits: Omit<DownloadLimits, "bytes"> = usualLimits,
  ) {}

  get state(): DebuginfodState {
    return this.#state;
  }

  /** Something is being asked for. */
  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  /** A file that was downloaded before, or null. Asks nobody. */
  known(buildId: string, kind: DebuginfodKind): Promise<string | null> {
    return isBuildId(buildId) ? this.store.find(buildId, kind) : Promise.resolve(null);
  }

  /** The file, downloaded unless it was before; null when no server gave it, or after `stop`. */
  async find(buildId: string, kind: DebuginfodKind): Promise<string | null> {
    if (!isBuildId(buildId)) return null;
    const key = `${buildId} ${kind}`;
    const running = this.#running.get(key) ?? this.#find(buildId, kind);
    this.#running.set(key, running);
    try {
      return await running;
    } finally {
      this.#running.delete(key);
    }
  }

  /** Ends what goes on; nothing is downloaded any more. */
  stop(): void {
    this.#stop.abort();
  }

  async #find(buildId: string, kind: DebuginfodKind): Promise<string | null> {
    const known = await this.store.find(buildId, kind);
    if (known !== null) return known;
    let askAgainAt = Date.now() + missingForMs;
    for (const server of this.servers) {
      if (this.#stop.signal.aborted || this.#failed.has(server)) {
        askAgainAt = 0;
        continue;
      }
      try {
        const found = await this.#ask(server, buildId, kind);
        if (found !== null) return found;
      } catch (error) {
        askAgainAt = 0;
        if (error instanceof Error && error.name === "AbortError") continue;
        this.#failed.add(server);
        this.listener.failed(asFailure(error, server));
      }
    }
    this.#state = { missing: this.#state.missing + 1, askAgainAt: Math.min(this.#state.askAgainAt, askAgainAt) };
    return null;
  }

  async #ask(server: string, buildId: string, kind: DebuginfodKind): Promise<string | null> {
    if (await this.store.isMissing(server, buildId, kind)) return null;
    const draft = await this.store.draft(buildId, kind);
    const limits = { ...this.limits, bytes: this.store.maximumBytes };
    const url = new URL(`${server}/buildid/${buildId}/${kind}`);
    try {
      if (!(await download(url, draft, limits, this.#stop.signal, this.listener.progress))) {
        await this.store.noteMissing(server, buildId, kind);
        return null;
      }
      const sent = await buildIdOf(draft);
      if (sent === buildId) return await this.store.keep(draft, buildId, kind);
      const what = sent === null ? "what is no ELF file with a build-id" : `the file of build-id ${sent}`;
      throw new BootscopeError("wrong-symbols", `The debuginfod server ${server} sends ${what} for ${buildId}.`);
    } finally {
      await rm(draft, { force: true });
    }
  }
}

const isBuildId = (text: string): boolean => /^(?:[0-9a-f]{2}){2,64}$/.test(text);

/** Null also for what is no ELF file. */
async function buildIdOf(file: string): Promise<string | null> {
  try {
    const elf = await ElfFile.open(file);
    try {
      return await readBuildId(elf);
    } finally {
      await elf.close();
    }
  } catch (error) {
    if (error instanceof BootscopeError) return null;
    throw error;
  }
}

/** What is no failure of the server is one of the cache's disk. */
function asFailure(error: unknown, server: string): BootscopeError {
  if (error instanceof BootscopeError) return error;
  const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const message = `What ${server} sends cannot be kept (${why}).`;
  return new BootscopeError("unwritable", message, "Make room in Bootscope's cache folder.", { cause: error });
}
