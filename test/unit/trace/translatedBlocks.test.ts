/** Logs that tell what is in the blocks that they execute: `-d in_asm` beside `-d exec`. */
import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32 } from "../../../src/trace/crc";
import { importBytes, type Imported } from "../../support/importBytes";

const fixture = (name: string): string =>
  readFileSync(path.join(import.meta.dirname, "../../fixtures/text", name), "latin1");

/** Blocks of a log in the order of its lines: address, and bytes in the order of memory. */
function disassembled(log: string): Map<string, Buffer> {
  const blocks = new Map<string, Buffer>();
  for (const block of log.split("IN:").slice(1)) {
    const lines = [...block.matchAll(/^0x([0-9a-f]+): {2}((?:[0-9a-f]{2} )+|[0-9a-f]{4,8})/gm)];
    const bytes = lines.flatMap(([, , words]) =>
      words
        .trim()
        .split(" ")
        .map((word) => Buffer.from(word, "hex").reverse()),
    );
    if (lines.length > 0) blocks.set(BigInt(`0x${lines[0][1]}`).toString(16), Buffer.concat(bytes));
  }
  return blocks;
}

/** Of the blocks that a trace has: address, size, checksum if there is one, instructions. */
const table = ({ trace: { blocks } }: Imported): string[] =>
  Array.from({ length: blocks.count }, (_, block) => {
    const lengths = blocks.instructionLengths(block as never);
    const crc = (blocks.flags[block] & 16) === 0 ? "-" : blocks.crc[block].toString(16);
    return `${blocks.address[block].toString(16)} ${blocks.size[block]} ${crc} ${lengths?.join(",") ?? "-"}`;
  });

describe.each(["x86_64", "aarch64", "riscv64"])("a real log of -d in_asm,exec for %s", (target) => {
  const log = fixture(`in_asm-exec-${target}.log`);

  it("has the bytes of each block that ran", async () => {
    const imported = await importBytes(log);
    const { executed, trace } = imported;
    const lines = [...log.matchAll(/^Trace .*?\[[^/]+\/([0-9a-f]+)\//gm)];
    expect(executed[0]).toEqual(lines.map(([, pc]) => BigInt(`0x${pc}`).toString(16)));
    const expected = disassembled(log);
    const found = table(imported).map((row) => row.split(" ").slice(0, 3).join(" "));
    const ran = Array.from(trace.blocks.address.subarray(0, trace.blocks.count), (address) => address.toString(16));
    expect(found).toEqual(
      ran.map((address) => {
        const bytes = expected.get(address);
        return bytes === undefined ? `${address} 0 -` : `${address} ${bytes.length} ${crc32(bytes).toString(16)}`;
      }),
    );
    expect(ran.filter((address) => expected.has(address)).length).toBeGreaterThan(5);
    // How many instructions ran is not known of every block of a log.
    expect(trace.metadata.instructionsCounted).toBe(false);
  });

  it("has the same blocks however it is read in pieces", async () => {
    const whole = table(await importBytes(log));
    for (const blockBytes of [128, 333, 1000]) expect(table(await importBytes(log, { blockBytes }))).toEqual(whole);
  });
});

const trace = (pc: string): string =>
  `Trace 0: 0x7f3524000100 [0000000000000000/${pc.padStart(16, "0")}/0040c2b0/ff000200] \n`;
const translation = (pc: string, ...lines: readonly string[]): string => {
  let at = BigInt(`0x${pc}`);
  const rows = lines.map((bytes) => {
    const row = `0x${at.toString(16).padStart(16, "0")}:  ${bytes.padEnd(24)} nop\n`;
    at += BigInt(bytes.split(" ").length);
    return row;
  });
  return `----------------\nIN: \n${rows.join("")}\n`;
};
const [nops, other] = [["90", "66 90"], ["f4"]];
const crcOf = (lines: readonly string[]): string =>
  crc32(Buffer.from(lines.join("").replaceAll(" ", ""), "hex")).toString(16);

describe("a block whose code changes", () => {
  /** Of each execution: the row of its block. */
  async function ran(log: string): Promise<string[]> {
    const imported = await importBytes(log);
    const rows = table(imported);
    const { decodeTrace } = await import("../../support/decodeTrace");
    return decodeTrace(imported.trace).flatMap(({ blocks }) => [...blocks].map((block) => rows[block]));
  }

  it("of a kernel holds what was translated last", async () => {
    const pc = "ffffffff81000000";
    const log = translation(pc, ...nops) + trace(pc) + trace(pc) + translation(pc, ...other) + trace(pc);
    const [before, after] = [`${pc} 3 ${crcOf(nops)} 1,2`, `${pc} 1 ${crcOf(other)} 1`];
    expect(await ran(log)).toEqual([before, before, after]);
  });

  it("of a program may be of either process from then on, so that nothing is claimed of it", async () => {
    const pc = "401000";
    const log = translation(pc, ...nops) + trace(pc) + translation(pc, ...other) + trace(pc);
    const more = translation(pc, ...nops) + trace(pc);
    expect(await ran(log + more)).toEqual([`${pc} 3 ${crcOf(nops)} 1,2`, `${pc} 0 - -`, `${pc} 0 - -`]);
  });

  it("is the same when QEMU translates it again, or a part of it", async () => {
    const pc = "401000";
    const log = translation(pc, ...nops) + trace(pc) + translation(pc, nops[0]) + trace(pc) + translation(pc, ...nops);
    const whole = `${pc} 3 ${crcOf(nops)} 1,2`;
    expect(await ran(log + trace(pc))).toEqual([whole, whole, whole]);
    const longer = translation(pc, nops[0]) + trace(pc) + translation(pc, ...nops) + trace(pc);
    expect(await ran(longer)).toEqual([`${pc} 1 ${crcOf([nops[0]])} 1`, whole]);
  });

  it("is not known while it was executed before its first translation in the log", async () => {
    const pc = "ffffffff81000000";
    const log = trace(pc) + translation(pc, ...nops) + trace(pc);
    expect(await ran(log)).toEqual([`${pc} 0 - -`, `${pc} 3 ${crcOf(nops)} 1,2`]);
  });
});

describe("the order of a block's bytes", () => {
  const words = (lines: readonly string[]): string => `IN: \n${lines.join("\n")}\n\n`;

  it("is not claimed where words could be of any target", async () => {
    const log =
      words(["0x00001000:  7c0802a6  mflr     r0", "0x00001004:  48000011  bl       #0x1014"]) + trace("1000");
    expect(table(await importBytes(log))).toEqual(["1000 8 - 4,4"]);
  });

  it("is known of a dump without disassembly, which does not tell instructions", async () => {
    const { result, trace: read } = await importBytes(fixture("in_asm-objd.log"));
    expect(result).toMatchObject({ format: "qemu-in_asm-log", instructionsCounted: false });
    const first = Buffer.from("4889e7e8f80b0000", "hex");
    expect([read.blocks.address[0], read.blocks.size[0], read.blocks.crc[0]]).toEqual([0x4002825b70n, 8, crc32(first)]);
    const log = `IN: \n0x0000000000401000:  \nOBJD-T: 4889e7e8f80b0000\n\n${trace("401000")}`;
    expect(table(await importBytes(log))).toEqual([`401000 8 ${crc32(first).toString(16)} -`]);
  });
});

describe("disassembly between executions", () => {
  const log = ["x86_64", "aarch64", "riscv64"].map((target) => fixture(`in_asm-exec-${target}.log`)).join("");

  it("never makes a defect, whatever it is", async () => {
    const put = fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom("IN:", "0x", "OBJD-T: 90", "\n", ":  "),
    );
    const change = fc.record({ at: fc.nat(log.length), drop: fc.nat(200), put });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        const changed = changes.reduce((s, each) => s.slice(0, each.at) + each.put + s.slice(each.at + each.drop), log);
        const { result, executed } = await importBytes(changed + trace("a"));
        expect(result.executions).toBe(executed.flat().length);
      }),
      { numRuns: 30 },
    );
  }, 60_000);
});
