import path from "node:path";

/**
 * Where the debug information of a build-id may be: gdb's layout ("Separate Debug Files"), in which the first two digits are a folder.
 * @param buildId lower-case hexadecimal; anything else is in no folder
 * @param folders as /usr/lib/debug
 */
export const inBuildIdFolders = (buildId: string, folders: readonly string[]): string[] =>
  /^[0-9a-f]{4,}$/.test(buildId)
    ? folders.map((folder) => path.join(folder, ".build-id", buildId.slice(0, 2), `${buildId.slice(2)}.debug`))
    : [];
