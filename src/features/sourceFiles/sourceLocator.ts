/** Finds the files that debug information names, with a few existence tests and no search through whole trees. */
import {
  applyMappings,
  baseName,
  commonSuffixLength,
  cuts,
  isConvincing,
  join,
  type Mapping,
  normalizePath,
  widen,
} from "./sourcePaths";

/** What the locator asks the disk. None of these throws. */
export interface Disk {
  isFile(path: string): Promise<boolean>;
  /** The folders directly in a folder, by name. */
  foldersIn(path: string): Promise<readonly string[]>;
  /** Without symbolic links; the path itself when it does not exist. */
  realPath(path: string): Promise<string>;
}

/** Sub-folders of a workspace folder that are tried as the root of a source tree. */
const maximumTrees = 64;
/** Documents are compared with at most this many files of the same name. */
const maximumCandidates = 16;

export class SourceLocator {
  private configured: readonly Mapping[] = [];
  private learned: Mapping[] = [];
  private roots: readonly string[] = [];

  constructor(private readonly disk: Disk) {}

  /** Takes new settings and workspace folders; what was learned from the old ones is forgotten. */
  configure(mappings: readonly Mapping[], roots: readonly string[]): void {
    this.configured = mappings;
    this.roots = roots;
    this.learned = [];
  }

  /**
   * The files that the debug path can stand for: one when it is clear, several when source trees of the workspace compete
   * for it, none when it is not found. Clear are, in this order: a mapping, the path itself, a workspace folder.
   */
  async locate(debugPath: string): Promise<readonly string[]> {
    const path = normalizePath(debugPath);
    const mapped = [...applyMappings(path, this.configured), ...applyMappings(path, this.learned)];
    for (const candidate of path.startsWith("/") ? [...mapped, path] : mapped) {
      if (await this.disk.isFile(candidate)) return [candidate];
    }
    // Where a mapping applies the tree is known: a file of the same name in another one would be the wrong file.
    const found = mapped.length > 0 ? await this.searchIn(path, this.roots) : await this.search(path, this.roots);
    if (found.length === 1) this.learn(found[0].mapping);
    return found.map(({ file }) => file);
  }

  /** The mapping that makes the debug path a file in this folder (or in a source tree directly in it), or undefined. */
  async derive(debugPath: string, folder: string): Promise<Mapping | undefined> {
    const found = await this.search(normalizePath(debugPath), [normalizePath(folder)]);
    return found.at(0)?.mapping;
  }

  /** The one of the debug paths that the local file stands for, or undefined. */
  async debugPathOf(file: string, debugPaths: readonly string[]): Promise<string | undefined> {
    const name = baseName(file);
    const sameName = debugPaths.filter((path) => path.endsWith(name) && baseName(path) === name);
    const mappings = [...this.configured, ...this.learned];
    const mapped = sameName.find((path) => applyMappings(normalizePath(path), mappings)[0] === file);
    if (mapped !== undefined) return mapped;
    // A file is found by at least its folder's name, so only these can be it.
    const likely = sameName
      .map((path) => ({ path, length: commonSuffixLength(normalizePath(path), file) }))
      .filter(({ path, length }) => length >= 2 || !path.includes("/"))
      .sort((a, b) => b.length - a.length)
      .slice(0, maximumCandidates);
    const real = await this.disk.realPath(file);
    for (const { path } of likely) {
      for (const found of await this.locate(path)) {
        if (found === file || (await this.disk.realPath(found)) === real) return path;
      }
    }
    return undefined;
  }

  private learn({ prefix, folder }: Mapping): void {
    const same = this.learned.some((known) => known.prefix === prefix && known.folder === folder);
    if (!same) this.learned.push({ prefix, folder });
  }

  /** Looks in the folders themselves, then in the folders directly in them. The longest matching suffix wins. */
  private async search(path: string, roots: readonly string[]): Promise<{ file: string; mapping: Mapping }[]> {
    const direct = await this.searchIn(path, roots);
    if (direct.length > 0) return direct;
    const trees: string[] = [];
    for (const root of roots) {
      const names = (await this.disk.foldersIn(root)).filter(
        (name) => !name.startsWith(".") && name !== "node_modules",
      );
      trees.push(...names.slice(0, maximumTrees).map((name) => join(root, name)));
    }
    return this.searchIn(path, trees);
  }

  private async searchIn(path: string, roots: readonly string[]): Promise<{ file: string; mapping: Mapping }[]> {
    for (const cut of cuts(path)) {
      const hits = await Promise.all(
        roots
          .filter((root) => isConvincing(cut, root))
          .map(async (root) => ({ root, exists: await this.disk.isFile(join(root, cut.suffix)) })),
      );
      const existing = hits.filter(({ exists }) => exists);
      if (existing.length > 0) {
        return existing.map(({ root }) => ({
          file: join(root, cut.suffix),
          mapping: widen({ prefix: cut.prefix, folder: root }),
        }));
      }
    }
    return [];
  }
}
