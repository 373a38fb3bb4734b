/**
 * How a path in debug information turns into a path on this machine. Pure path arithmetic: nothing here touches a disk.
 *
 * Debug information names sources as the build saw them: absolute (`/build/linux-6.1/init/main.c`) or relative to an unknown
 * folder (`debian/build/build_amd64/init/main.c`). A mapping says which folder stands for the leading part. Local paths are
 * those of `vscode.Uri.path`: slashes everywhere.
 */

/** Everything below `prefix` in the debug information is below `folder` here. An empty prefix stands for relative paths as such. */
export interface Mapping {
  readonly prefix: string;
  readonly folder: string;
}

/** A debug path cut in two: `prefix/suffix`. */
export interface Cut {
  readonly prefix: string;
  readonly suffix: string;
}

/** Longer paths are not looked for piece by piece: real ones have fewer components than this. */
const maximumComponents = 64;

/** With slashes, without `.`, `..` (where it has something to cancel) and doubled or trailing slashes. */
export function normalizePath(path: string): string {
  const slashed = path.replaceAll("\\", "/");
  const kept: string[] = [];
  for (const component of slashed.split("/")) {
    if (component === "" || component === ".") continue;
    if (component === ".." && kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else kept.push(component);
  }
  return (slashed.startsWith("/") ? "/" : "") + kept.join("/");
}

/** The last component of a path. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** The path without its last component; of `/a` and `a` it is `/` and the empty path. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash === 0 ? "/" : path.slice(0, Math.max(slash, 0));
}

export const join = (folder: string, rest: string): string => (folder.endsWith("/") ? folder : `${folder}/`) + rest;

/** The path below the folder, or undefined when it is not inside. An empty folder holds every relative path. */
export function below(path: string, folder: string): string | undefined {
  if (folder === "") return path.startsWith("/") ? undefined : path;
  const head = folder.endsWith("/") ? folder : `${folder}/`;
  return path.startsWith(head) && path.length > head.length ? path.slice(head.length) : undefined;
}

/** Where the mappings put the debug path, longest prefix first. */
export function applyMappings(debugPath: string, mappings: readonly Mapping[]): string[] {
  return mappings
    .map(({ prefix, folder }) => ({ prefix, folder, rest: below(debugPath, prefix) }))
    .filter((hit): hit is Mapping & { rest: string } => hit.rest !== undefined)
    .sort((a, b) => b.prefix.length - a.prefix.length)
    .map(({ folder, rest }) => join(folder, rest));
}

/** All ways to cut leading components off, the longest suffix (the whole path) first. */
export function* cuts(debugPath: string): Generator<Cut> {
  const absolute = debugPath.startsWith("/");
  const components = debugPath.split("/").filter((component) => component !== "");
  for (let from = Math.max(0, components.length - maximumComponents); from < components.length; from++) {
    const prefix = (absolute ? "/" : "") + components.slice(0, from).join("/");
    yield { prefix, suffix: components.slice(from).join("/") };
  }
}

/**
 * Whether `folder/suffix` may stand for the debug path if it exists. A bare file name says too little (`main.c` is everywhere),
 * unless the folder has the name of the file's folder in the debug information.
 */
export const isConvincing = ({ prefix, suffix }: Cut, folder: string): boolean =>
  suffix.includes("/") || prefix === "" || baseName(prefix) === baseName(folder);

/** The widest mapping that says the same: equal trailing components are dropped from both sides. */
export function widen({ prefix, folder }: Mapping): Mapping {
  let wide: Mapping = { prefix, folder };
  while (wide.prefix !== "" && wide.prefix !== "/" && baseName(wide.prefix) === baseName(wide.folder)) {
    const parent = parentOf(wide.folder);
    if (parent === "/" || parent === "") break;
    wide = { prefix: parentOf(wide.prefix), folder: parent };
  }
  return wide;
}

/** How many trailing components two paths share. */
export function commonSuffixLength(a: string, b: string): number {
  const left = a.split("/").reverse();
  const right = b.split("/").reverse();
  let count = 0;
  while (count < left.length && count < right.length && left[count] !== "" && left[count] === right[count]) count++;
  return count;
}

/**
 * The mappings that the value of the setting `bootscope.sourceMap` stands for. Entries of the wrong type are left out.
 *
 * @param resolve turns a folder as the user wrote it into a local path, or undefined when it cannot be one
 */
export function parseSourceMap(value: unknown, resolve: (folder: string) => string | undefined): Mapping[] {
  if (typeof value !== "object" || value === null) return [];
  const mappings: Mapping[] = [];
  for (const [key, folder] of Object.entries(value)) {
    const local = typeof folder === "string" && folder !== "" ? resolve(folder) : undefined;
    if (local !== undefined) mappings.push({ prefix: normalizePath(key), folder: local });
  }
  return mappings;
}
