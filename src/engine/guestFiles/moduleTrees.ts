import { readFile, readdir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { isRelease, type DebugSearch } from "../debugSearch";
import { codeFilesIn, moduleName, type CodeFile } from "./codeFiles";

/** Folders that belong to a kernel, found from where its vmlinux is. */
export interface ModuleTrees {
  /** With the modules that the guest loads. */
  readonly modules: readonly string[];
  /** With modules' debug information. */
  readonly debug: readonly string[];
  /** A kernel's build folder. */
  readonly build: string | null;
}

const debugFolder = "/usr/lib/debug";

/**
 * Where the modules of a kernel are: in its build folder; for a packaged one below the folder that the package was unpacked in,
 * which is / for an installed one. Only folders that exist.
 * @param release as `uname -r` says it; null: unknown
 * @param search has more folders with debug information
 */
export async function moduleTreesOf(
  vmlinux: string,
  release: string | null,
  search: DebugSearch,
): Promise<ModuleTrees> {
  // A link in the workspace to a package's vmlinux is as good as that.
  const folder = path.dirname(await realpath(vmlinux).catch(() => path.resolve(vmlinux)));
  const build = (await exists(path.join(folder, "modules.order"))) ? folder : null;
  if (release === null || !isRelease(release)) return { modules: [], debug: [], build };
  const at = folder.indexOf(debugFolder);
  const prefixes = [...new Set([...(at < 0 ? [] : [folder.slice(0, at) || "/"]), "/"])];
  const below = (...parts: string[]): string[] => prefixes.map((prefix) => path.join(prefix, ...parts, release));
  return {
    modules: await existing([...below("lib/modules"), ...below("usr/lib/modules")]),
    debug: await existing([
      ...new Set([
        ...search.moduleFolders(release),
        ...below("usr/lib/debug/lib/modules"),
        ...below("usr/lib/debug/usr/lib/modules"),
      ]),
    ]),
    build,
  };
}

/** The modules of the trees, and of the build folder what `modules.order` lists. */
export async function modulesOf({ modules, build }: ModuleTrees, signal?: AbortSignal): Promise<CodeFile[]> {
  const found = build === null ? [] : await builtModules(build);
  for (const tree of modules) found.push(...(await codeFilesIn(tree, signal)).filter(({ isModule }) => isModule));
  return found;
}

/** The vDSOs of the kernel, which is where processes execute code of the kernel. */
export async function vdsosOf({ debug, modules, build }: ModuleTrees): Promise<CodeFile[]> {
  const folders = [...debug, ...modules].map((tree) => path.join(tree, "vdso"));
  if (build !== null) folders.push(path.join(build, "arch/x86/entry/vdso"), path.join(build, "arch/arm64/kernel/vdso"));
  const found: CodeFile[] = [];
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    // Of the build's files the one with symbols, which a package has under the plain name.
    const wanted = names.filter((name) =>
      (folder.includes("/arch/") ? /^vdso.*\.so\.dbg$/ : /^vdso.*\.so$/).test(name),
    );
    found.push(...wanted.map((name) => ({ path: path.join(folder, name), name: "vdso", isModule: false })));
  }
  return found;
}

/** Kbuild writes "kernel/fs/ext4/ext4.ko", since 6.3 "fs/ext4/ext4.o". */
async function builtModules(build: string): Promise<CodeFile[]> {
  const text = await readFile(path.join(build, "modules.order"), "utf8").catch(() => "");
  const names = text.split("\n").filter((line) => /\.k?o$/.test(line) && !line.split("/").includes(".."));
  return names.map((line) => {
    const name = line.replace(/^kernel\//, "").replace(/\.o$/, ".ko");
    return { path: path.join(build, name), name: moduleName(name), isModule: true };
  });
}

const exists = async (file: string): Promise<boolean> => (await stat(file).catch(() => null)) !== null;

async function existing(folders: readonly string[]): Promise<string[]> {
  const found = await Promise.all(folders.map(exists));
  return folders.filter((_, index) => found[index]);
}
