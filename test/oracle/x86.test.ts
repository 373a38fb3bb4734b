/** What the recorder knows of x86, against objdump of the whole kernel: each instruction, and each block of a recorded boot. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureBootTrace } from "../../scripts/environment/boot.mjs";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { blockNumber } from "../../src/protocol/units";
import { findRecorderSources } from "../../src/qemu/recorderBuild";
import { BlockFlag } from "../../src/trace/blocks";
import { openTraceFile } from "../../src/trace/reader";
import { disassemble } from "../support/objdump";

/** Linux's kernel text and what follows it lie in these 64 MiB (Documentation/x86/x86_64/mm.rst). */
const textStart = 0xffffffff81000000n;
const textBytes = 64 << 20;

/** The image's instructions by offset from `textStart`. */
const code = new Uint8Array(textBytes);
const lengths = new Uint8Array(textBytes);
const kinds = new Uint8Array(textBytes);
const targets = new Map<number, bigint>();
let folder: string;
let trace: string;
let instructions = 0;
let differences: string[];

beforeAll(async () => {
  await ensurePackages(["binutils", "gcc", "libc6-dev"]);
  const kernel = await ensureKernel();
  trace = await ensureBootTrace();
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-x86-"));
  const [program, sources] = [path.join(folder, "check"), findRecorderSources(__dirname)];
  const files = [
    path.join(__dirname, "../support/x86Check.c"),
    ...["x86.c", "x86_length.c"].map((name) => path.join(sources, name)),
  ];
  execFileSync("cc", ["-O2", "-Wall", "-Wextra", "-Werror", `-I${sources}`, "-o", program, ...files]);
  const check = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  const closed = once(check, "close");
  const output = text(check.stdout);
  let lines: string[] = [];
  await disassemble(kernel.vmlinux, ({ address, bytes, kind, target }) => {
    instructions++;
    lines.push(`${address.toString(16)} ${bytes} ${kind} ${target.toString(16)}\n`);
    if (lines.length === 10_000) {
      check.stdin.write(lines.join(""));
      lines = [];
    }
    const offset = Number(address - textStart);
    if (offset < 0 || offset + 15 > textBytes) return;
    code.set(Buffer.from(bytes, "hex"), offset);
    lengths[offset] = bytes.length / 2;
    kinds[offset] = kind;
    if (target !== 0n) targets.set(offset, target);
  });
  check.stdin.end(lines.join(""));
  expect(((await closed) as [number | null])[0]).toBe(0);
  differences = (await output).split("\n").filter((line) => line !== "");
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("an instruction", () => {
  it("has objdump's length, ends a block as its mnemonic says, and goes where objdump says", () => {
    expect(instructions).toBeGreaterThan(5_000_000);
    // objdump prints fwait and fninit as one.
    expect(differences.filter((line) => !/ 9bdb[0-9a-f]{2} /.test(line))).toEqual([]);
  });
});

describe("a recorded kernel block whose bytes are the image's", () => {
  it("has objdump's instructions and end", async () => {
    const { blocks } = await openTraceFile(trace);
    const wrong: string[] = [];
    let checked = 0;
    for (let block = 0; block < blocks.count; block++) {
      const offset = Number(blocks.address[block] - textStart);
      const end = offset + blocks.size[block];
      if (offset < 0 || end > textBytes || crc32(code.subarray(offset, end)) !== blocks.crc[block]) continue;
      checked++;
      const recorded = blocks.instructionLengths(blockNumber(block)) ?? [];
      let at = offset;
      let last = offset;
      const expected: number[] = [];
      while (at < end && lengths[at] > 0) {
        expected.push(lengths[at]);
        last = at;
        at += lengths[at];
      }
      const ends = [blocks.terminator[block], blocks.terminatorLength[block], blocks.target[block]];
      const same =
        recorded.join() === expected.join() &&
        ends.join() === [kinds[last], lengths[last], targets.get(last) ?? 0n].join();
      if (!same) {
        const phantom = (blocks.flags[block] & BlockFlag.PhantomDropped) !== 0 ? " (phantom dropped)" : "";
        wrong.push(
          `${blocks.address[block].toString(16)}: ${recorded.join()} ends ${ends.join()}${phantom}, not ${expected.join()}`,
        );
      }
    }
    expect(checked).toBeGreaterThan(20_000);
    expect(wrong).toEqual([]);
  });
});
