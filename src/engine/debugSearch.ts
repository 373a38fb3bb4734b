import path from "node:path";
import type { DebugSources } from "../protocol/debugSources";
import { DebuginfodClient, type DebuginfodListener } from "./debuginfod/client";
import { existingFiles } from "./existingFiles";
import type { ResultCache } from "./resultCache";

/** Where distributions put debug information that was split off. */
const systemFolder = "/usr/lib/debug";

/** Finds debug information that was split off: in folders, among what was downloaded, and, when asked to, on servers. */
export class DebugSearch {
  /**
   * @param folders with the layout of /usr/lib/debug, best first
   * @param servers null: none is asked
   */
  constructor(
    readonly folders: readonly string[],
    readonly servers: DebuginfodClient | null = null,
  ) {}

  /** The folders that were given before the system's; downloads need a cache that keeps files. */
  static of({ folders, servers }: DebugSources, cache: ResultCache, listener: DebuginfodListener): DebugSearch {
    const store = cache.downloads;
    const client = store === null || servers.length === 0 ? null : new DebuginfodClient(servers, store, listener);
    return new DebugSearch([...new Set([...folders, systemFolder])], client);
  }

  /** The same with folders that are looked in after the others. */
  with(folders: readonly string[]): DebugSearch {
    return new DebugSearch([...new Set([...this.folders, ...folders])], this.servers);
  }

  /** Files on this machine with the debug information of a build-id, best first: also such that were downloaded before. */
  async installed(buildId: string): Promise<string[]> {
    const found = await existingFiles(inBuildIdFolders(buildId, this.folders));
    const { servers } = this;
    if (servers === null) return found;
    const kept = [await servers.known(buildId, "debuginfo"), await servers.known(buildId, "executable")];
    return [...found, ...kept.filter((file) => file !== null)];
  }

  /** Kernels with debug information that are installed under their release, as perf and crash look for them. */
  installedKernels(release: string): Promise<string[]> {
    if (!isRelease(release)) return Promise.resolve([]);
    return existingFiles(
      this.folders.flatMap((folder) => [
        path.join(folder, "boot", `vmlinux-${release}`),
        path.join(folder, "lib/modules", release, "vmlinux"),
        path.join(folder, "usr/lib/modules", release, "vmlinux"),
      ]),
    );
  }

  /** Folders with the debug information of a kernel's modules; they need not exist. */
  moduleFolders(release: string): string[] {
    if (!isRelease(release)) return [];
    const below = ["lib/modules", "usr/lib/modules"];
    return this.folders.flatMap((folder) => below.map((name) => path.join(folder, name, release)));
  }

  /** The debug information of a build-id from a server, or null. */
  download(buildId: string): Promise<string | null> {
    return this.servers?.find(buildId, "debuginfo") ?? Promise.resolve(null);
  }

  /** As `download`; else the kernel itself, which may have been built with debug information and never stripped. */
  async downloadKernel(buildId: string): Promise<string | null> {
    return (await this.download(buildId)) ?? (await this.servers?.find(buildId, "executable")) ?? null;
  }
}

/** Whether a release, as a name, stays in its folder. */
export const isRelease = (text: string): boolean => text !== "" && !text.includes("/") && text !== "." && text !== "..";

/**
 * Where the debug information of a build-id may be: gdb's layout ("Separate Debug Files"), in which the first two digits are a folder.
 * @param buildId lower-case hexadecimal; anything else is in no folder
 */
const inBuildIdFolders = (buildId: string, folders: readonly string[]): string[] =>
  /^[0-9a-f]{4,}$/.test(buildId)
    ? folders.map((folder) => path.join(folder, ".build-id", buildId.slice(0, 2), `${buildId.slice(2)}.debug`))
    : [];
