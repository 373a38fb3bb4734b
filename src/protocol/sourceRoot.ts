/** The folder that a kernel was built in, as its debug information spells it: every path begins with it, so lists leave it out. */

/** At least this share of the paths is below a root; a few come from elsewhere, such as assembled or generated files. */
const nearlyAll = 0.9;

/**
 * The longest folder that nearly all paths are below, with its trailing slash; "" when there is none. At least one folder
 * of each such path stays: of `build/mm/slub.c` alone only `build/` may be the root.
 */
export function sourceRoot(files: Iterable<string | null>): string {
  let inside = [...files].filter((file) => file !== null);
  const least = inside.length * nearlyAll;
  let root = "";
  for (;;) {
    const counts = new Map<string, number>();
    for (const file of inside) {
      const end = file.indexOf("/", root.length);
      if (end < 0 || file.indexOf("/", end + 1) < 0) continue;
      const folder = file.slice(0, end + 1);
      counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
    const next = [...counts].find(([, count]) => count >= least)?.[0];
    if (next === undefined) return root;
    root = next;
    inside = inside.filter((file) => file.startsWith(next));
  }
}

/**
 * The roots that lists leave out: that of nearly all paths, and the other one that the tree has for some of its files, as Debian's
 * kernels have for assembly. A path elsewhere is of the same tree if it goes on, at some folder, with two folders that are below the root.
 */
export function sourceRoots(files: readonly (string | null)[]): string[] {
  const root = sourceRoot(files);
  const known = new Set<string>();
  const elsewhere: string[] = [];
  for (const file of new Set(files)) {
    if (file === null) continue;
    const pair = file.startsWith(root) ? firstFolders(file, root.length) : undefined;
    if (pair !== undefined) known.add(pair);
    else if (!file.startsWith(root)) elsewhere.push(file);
  }
  const counts = new Map<string, number>();
  for (const file of elsewhere) {
    for (let at = file.indexOf("/") + 1; at > 0; at = file.indexOf("/", at) + 1) {
      const pair = firstFolders(file, at);
      if (pair === undefined || !known.has(pair)) continue;
      const prefix = file.slice(0, at);
      counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
      break;
    }
  }
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return (most as typeof most | undefined) === undefined ? [root] : [root, most[0]];
}

/** The first two folders of a path from a position on, with their slashes. */
function firstFolders(file: string, from: number): string | undefined {
  const second = file.indexOf("/", file.indexOf("/", from) + 1);
  return file.indexOf("/", from) < 0 || second < 0 ? undefined : file.slice(from, second + 1);
}

/** The path as lists show it: without the first of the roots that it is below. */
export function belowRoot(file: string, roots: readonly string[]): string {
  const root = roots.find((one) => file.startsWith(one)) ?? "";
  return file.slice(root.length);
}
