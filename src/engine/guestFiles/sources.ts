import { stat } from "node:fs/promises";
import path from "node:path";
import type { FirmwareFile } from "../../protocol/firmwareFile";
import type { DebugSearch } from "../debugSearch";
import { fileFingerprint } from "../fileFingerprint";
import { moduleListKey, type ModuleList } from "../moduleList/parseModuleList";
import { builtBootFiles, givenBootFile } from "./bootFiles";
import { codeFilesAt, codeFilesIn, type CodeFile } from "./codeFiles";
import { DebugFiles } from "./debugFiles";
import { extractedInitramfs } from "./extractInitramfs";
import { withUnpackedModules } from "./packedModules";
import { modulesOf, moduleTreesOf, vdsosOf, type ModuleTrees } from "./moduleTrees";

/** Where the files that ran in a guest may be. */
export interface GuestFileSources {
  /** The kernel's image with symbols. */
  readonly vmlinux: string;
  /** As `uname -r` says it in the guest; null: unknown. */
  readonly release: string | null;
  /** The guest's initial RAM disk; null: it had none, or it is not known. */
  readonly initrd: string | null;
  /** Given by the user: folders that hold the guest's files, and single files. */
  readonly roots: readonly string[];
  /** Given by the user: files with the symbols of firmware and boot loaders. */
  readonly firmware: readonly FirmwareFile[];
  /** Where debug information that was split off is looked for. */
  readonly search: DebugSearch;
  /** Where the guest said that its modules were; null: it did not. */
  readonly modules: ModuleList | null;
}

/** The files that may have run in a guest, the likely ones first. */
export class GuestFiles {
  #debug: DebugFiles | undefined;

  private constructor(
    private readonly sources: GuestFileSources,
    private readonly trees: ModuleTrees,
    private readonly cache: string,
  ) {}

  /** @param cache folder to extract initial RAM disks and compressed modules to */
  static async in(sources: GuestFileSources, cache: string): Promise<GuestFiles> {
    return new GuestFiles(sources, await moduleTreesOf(sources.vmlinux, sources.release, sources.search), cache);
  }

  get modules(): ModuleList | null {
    return this.sources.modules;
  }

  /** Tells these sources from others, with their content as far as it shows without reading it all. */
  async key(): Promise<string> {
    const { initrd, roots, firmware, search, modules } = this.sources;
    const boot = (await this.boot()).map((file) => file.path);
    const folders = [
      ...this.trees.modules,
      ...this.trees.debug,
      ...(this.trees.build === null ? [] : [this.trees.build]),
    ];
    const prints = await Promise.all([
      initrd === null ? "" : fileFingerprint(initrd).catch(() => "absent"),
      ...[...roots, ...folders, ...boot].map(async (at) => {
        const found = await stat(at).catch(() => null);
        return `${at} ${found?.mtimeMs ?? "absent"} ${found?.size ?? 0}`;
      }),
    ]);
    const places = [
      ...search.folders,
      ...(search.servers?.servers ?? []),
      modules === null ? "" : moduleListKey(modules),
    ];
    return [...prints, ...firmware.map(({ address }) => String(address)), ...places].join("\n");
  }

  /** Programs, libraries and modules of the initial RAM disk and of the given folders, and the kernel's vDSOs. */
  async likely(signal?: AbortSignal): Promise<CodeFile[]> {
    const { initrd, roots } = this.sources;
    const found: CodeFile[] = [];
    for (const root of roots) found.push(...(await codeFilesAt(root, signal)));
    const folder = initrd === null ? null : await extractedInitramfs(initrd, this.cache, signal);
    if (folder !== null) found.push(...(await codeFilesIn(folder, signal)));
    return [...(await withUnpackedModules(found, this.cache, signal)), ...(await vdsosOf(this.trees))];
  }

  /** What names the code that runs before the kernel or below it: given files first, then those of the kernel's build. */
  async boot(): Promise<CodeFile[]> {
    const given = this.sources.firmware.map(givenBootFile);
    const built = await builtBootFiles(this.sources.vmlinux);
    return [...given, ...built.filter((file) => given.every((other) => other.path !== file.path))];
  }

  /** All modules that were built with the kernel. */
  async allModules(signal?: AbortSignal): Promise<CodeFile[]> {
    return withUnpackedModules(await modulesOf(this.trees, signal), this.cache, signal);
  }

  /** The file that has the symbols and lines of a code file. */
  symbolsOf(file: CodeFile): Promise<string> {
    if (file.boot !== undefined) return Promise.resolve(file.path);
    const { roots, search } = this.sources;
    const { modules, debug } = this.trees;
    this.#debug ??= new DebugFiles(search.with(roots.map((root) => path.join(root, "usr/lib/debug"))), [
      ...debug,
      ...modules,
    ]);
    return this.#debug.of(file);
  }
}
