/** A vmlinux that looks like the one of a trace and is not: its code is at other places, its build-id another. */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";

/** The head of a GNU build-id note: sizes of name and description, type 3, the name. */
const buildIdHead = Buffer.from("040000001400000003000000474e5500", "hex");
/** As if something in front of all functions had grown. */
const shift = 64;

/** Writes the symbols of `vmlinux`, without its debug information, as those of another build. Needs binutils. */
export function writeOtherKernel(vmlinux: string, output: string): void {
  const [text, notes] = [`${output}.text`, `${output}.notes`];
  const dump = ["--dump-section", `.text=${text}`, "--dump-section", `.notes=${notes}`];
  execFileSync("objcopy", [...dump, "--strip-debug", vmlinux, output]);
  const code = readFileSync(text);
  writeFileSync(text, Buffer.concat([code.subarray(-shift), code.subarray(0, -shift)]));
  const note = readFileSync(notes);
  const buildId = note.indexOf(buildIdHead);
  if (buildId < 0) throw new Error(`${vmlinux} has no build-id.`);
  note.fill(0x5a, buildId + buildIdHead.length, buildId + buildIdHead.length + 20);
  writeFileSync(notes, note);
  execFileSync("objcopy", ["--update-section", `.text=${text}`, "--update-section", `.notes=${notes}`, output]);
  rmSync(text);
  rmSync(notes);
}
