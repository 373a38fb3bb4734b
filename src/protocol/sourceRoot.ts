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

/** The path as lists show it: without the root when it is below it. */
export const belowRoot = (file: string, root: string): string =>
  file.startsWith(root) ? file.slice(root.length) : file;
