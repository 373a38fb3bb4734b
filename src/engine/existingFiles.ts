import { stat } from "node:fs/promises";

/** Those of the paths that are files. */
export async function existingFiles(paths: readonly string[]): Promise<string[]> {
  const isFile = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        (found) => found.isFile(),
        () => false,
      ),
    ),
  );
  return paths.filter((_, index) => isFile[index]);
}
