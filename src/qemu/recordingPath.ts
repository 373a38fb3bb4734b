/** Where a recording goes: the file that was named, or a new one in the folder that was. */
import { existsSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { BootscopeError } from "../protocol/failure";

/** `boot-YYYYMMDD-HHMMSS` in local time, as people look for it. */
export function recordingName(time: Date): string {
  const digits = (value: number, width = 2): string => String(value).padStart(width, "0");
  const day = digits(time.getFullYear(), 4) + digits(time.getMonth() + 1) + digits(time.getDate());
  return `boot-${day}-${digits(time.getHours())}${digits(time.getMinutes())}${digits(time.getSeconds())}`;
}

/** The first of `name.bst`, `name-2.bst`, `name-3.bst`, … in the folder that is not `taken`. */
export function freeRecordingPath(folder: string, name: string, taken: (file: string) => boolean): string {
  for (let number = 1; ; number++) {
    const file = path.join(folder, `${name}${number === 1 ? "" : `-${number}`}.bst`);
    if (!taken(file)) return file;
  }
}

/**
 * The file that an output argument stands for. A folder (one that exists, or a path that ends with a slash: it is made)
 * gets a new file named by the time; the folder `.bootscope` also keeps itself out of version control.
 * @throws BootscopeError "unwritable" when the folder cannot be made.
 */
export async function recordingPath(output: string, now = new Date()): Promise<string> {
  const isFolder = output.endsWith(path.sep) || statSync(output, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder) return path.resolve(output);
  const folder = path.resolve(output);
  try {
    await mkdir(folder, { recursive: true });
    if (path.basename(folder) === ".bootscope") await writeOnce(path.join(folder, ".gitignore"), "*\n");
  } catch (cause) {
    throw new BootscopeError("unwritable", `The folder ${folder} cannot be written to.`, "Choose another folder.", {
      cause,
    });
  }
  return freeRecordingPath(folder, recordingName(now), existsSync);
}

/** Writes a file unless it is there already: a person may have changed it. */
async function writeOnce(file: string, text: string): Promise<void> {
  await writeFile(file, text, { flag: "wx" }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  });
}
