import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { ElfFile } from "../../symbols/elf/elfFile";
import { miniDebugSection } from "../../symbols/elf/miniDebugInfo";
import { readBuildId } from "../../symbols/elf/notes";
import { describeCandidate } from "../debugFiles";
import type { DebugSearch } from "../debugSearch";
import { moduleName, type CodeFile } from "./codeFiles";

/** Finds the debug information that was split off files, by name and build-id. */
export class DebugFiles {
  #modules: Promise<ReadonlyMap<string, readonly string[]>> | undefined;

  /**
   * @param moduleTrees folders with modules' debug information, or with modules that still have it
   */
  constructor(
    private readonly search: DebugSearch,
    private readonly moduleTrees: readonly string[],
  ) {}

  /** The file with the symbols and lines of a code file: another of the same build-id, from a server too, or the file itself. */
  async of(file: CodeFile): Promise<string> {
    const own = await describe(file.path);
    if (own === null || own.hasLines) return file.path;
    const { buildId } = own;
    // Without a build-id there is only the checksum of .gnu_debuglink to go by.
    if (buildId === null) return (await describeCandidate(file.path, this.search)).debugFile ?? file.path;
    for (const candidate of await this.#candidates(file, buildId)) {
      const other = candidate === file.path ? null : await describe(candidate);
      if (other?.buildId === buildId && (other.hasLines || (other.hasSymbols && !own.hasSymbols))) return candidate;
    }
    return (await this.search.download(buildId)) ?? file.path;
  }

  async #candidates({ name, isModule }: CodeFile, buildId: string): Promise<string[]> {
    const files = await this.search.installed(buildId);
    this.#modules ??= modulesIn(this.moduleTrees);
    return isModule ? [...files, ...((await this.#modules).get(name) ?? [])] : files;
  }
}

interface Description {
  readonly buildId: string | null;
  readonly hasLines: boolean;
  readonly hasSymbols: boolean;
}

/** Null when it cannot be read as ELF. */
async function describe(file: string): Promise<Description | null> {
  try {
    if (!(await stat(file)).isFile()) return null;
    const elf = await ElfFile.open(file);
    try {
      const has = (name: string): boolean => elf.section(name) !== undefined;
      return {
        buildId: await readBuildId(elf),
        hasLines: has(".debug_line"),
        hasSymbols: has(".symtab") || has(miniDebugSection),
      };
    } finally {
      await elf.close();
    }
  } catch {
    return null;
  }
}

/** Paths of module files by module name. */
async function modulesIn(trees: readonly string[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const tree of trees) {
    const names = await readdir(tree, { recursive: true }).catch(() => []);
    for (const name of names) {
      if (!/\.ko(?:\.debug)?$/.test(name)) continue;
      const key = moduleName(name);
      found.set(key, [...(found.get(key) ?? []), path.join(tree, name)]);
    }
  }
  return found;
}
