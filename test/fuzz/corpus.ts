/** The inputs that long runs of the fuzzer kept, because each reached code that none reached before. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { unpackBytes } from "../../src/compression/unpackBytes";
import { unxz } from "../../src/compression/xz";

/** Bounds what a damaged archive may take. */
const mostBytes = 1 << 28;

/** Writes them into the folder, which must exist: a folder per target, with numbered files. */
export async function unpackCorpus(root: string, folder: string): Promise<void> {
  const archive = await unpackBytes(readFileSync(path.join(root, "test/fixtures/fuzz-corpus.tar.xz")), unxz, mostBytes);
  if (archive === null) throw new Error("The archive of the fuzzer's inputs is too large.");
  execFileSync("tar", ["-x", "-C", folder], { input: archive });
}
