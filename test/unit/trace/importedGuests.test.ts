/** What imported logs tell of the guest: lines of real runs of QEMU 7.2, of Debian's kernels and of a static busybox alone. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { importBytes } from "../../support/importBytes";

async function guest(text: string) {
  const { metadata } = (await importBytes(text)).trace;
  return { target: metadata.target, systemEmulation: metadata.systemEmulation };
}

const trace = (fields: string): string => `Trace 0: 0x7f289c000100 [${fields}] \n`;

describe("blocks of -d exec", () => {
  it.each([
    ["a PC", "ffff0000/fffffff0/00000040/ff000200", true],
    ["Arm", "00000400/40000000/00000120/ff000200", true],
    ["a program for x86_64", "0000000000000000/000000000040ebf0/1040c0b3/00000000", false],
    ["a program for aarch64", "0000000001009331/0000000000400580/00000001/00000200", false],
    ["a program for arm", "00800480/00038770/00000000/00000000", false],
    ["a program for riscv64", "0000000000000000/00000000000103a0/00207600/00000000", false],
    ["the first cluster of SiFive's board", "00000000/0000000000001004/00000000/00000200", undefined],
    ["QEMU before 6.1", "0000000000000000/000000000040ebf0/1040c0b3", undefined],
  ])("tell whether a machine ran: %s", async (_, fields, systemEmulation) => {
    expect(await guest(trace(fields))).toEqual({ target: undefined, systemEmulation });
  });
});

const x86 = (level: string): string =>
  `EIP=08049b00 EFL=00000202 [-------] CPL=${level} II=0 A20=1 SMM=0 HLT=0\nCS =0023 00000000 ffffffff 00cffb00 DPL=3 CS32 [-RA]\n`;
const x86Wide = (level: string): string =>
  `RIP=000000000040ebf0 RFL=00000202 [-------] CPL=${level} II=0 A20=1 SMM=0 HLT=0\n`;
const aarch64 = (mode: string): string =>
  ` PC=0000000000400580 X00=0000000000000000 X01=0000000000000000\nPSTATE=40000000 -Z-- ${mode}  SVCR=00000000 --  BTYPE=0\n`;
const arm = (mode: string): string =>
  `R12=00000000 R13=40800920 R14=00000000 R15=00038770\nPSR=00000030 ---- T ${mode}\n`;
const riscv = (machine: string, width: number): string =>
  ` pc       ${"1000".padStart(width, "0")}\n${machine} x0/zero  ${"0".repeat(width)} x1/ra    ${"0".repeat(width)}\n`;

describe("registers of -d cpu", () => {
  it.each([
    ["x86, a program", x86("3").repeat(3), "i386", false],
    ["x86, a machine that starts a program", x86("0") + x86("3"), "i386", true],
    ["x86_64, a program", x86Wide("3").repeat(3), "x86_64", false],
    ["x86_64, which starts in 16 bits", x86("0") + x86Wide("0"), "x86_64", true],
    ["aarch64, a program", aarch64("EL0t").repeat(2), "aarch64", false],
    ["aarch64, a machine", aarch64("EL1h") + aarch64("EL0t"), "aarch64", true],
    ["aarch64, which runs a program of 32 bits", aarch64("EL1h") + arm("usr32"), "aarch64", true],
    ["arm, a program", arm("usr32").repeat(2), "arm", false],
    ["arm, a machine", arm("svc32") + arm("usr32"), "arm", true],
    ["arm, secure", arm("S svc32"), "arm", true],
    ["riscv64, a program", riscv("", 16), "riscv64", false],
    ["riscv64, a machine", riscv(" mstatus  0000000a00000000\n", 16), "riscv64", true],
    ["riscv32, a machine", riscv(" mstatus  00000000\n", 8), "riscv32", true],
  ])("tell the target and whether a machine ran: %s", async (_, text, target, systemEmulation) => {
    expect(await guest(text)).toEqual({ target, systemEmulation });
  });
});

const block = (...lines: readonly string[]): string => `----------------\nIN: \n${lines.join("\n")}\n\n`;
const fixture = (name: string): string =>
  readFileSync(path.join(import.meta.dirname, "../../fixtures/text", name), "latin1");

describe("instructions of -d in_asm", () => {
  const a32 = block(
    "0x40010018:  e1a00000  mov      r0, r0",
    "0x4001001c:  1a000001  bne      #0x40010028",
    "0x40010020:  ea0003f6  b        #0x40011000",
    "0x40011004:  eb000e25  bl       #0x400148a0",
  );
  const t32 = block(
    "0x00038770:  f04f 0b00  mov.w    fp, #0",
    "0x00038774:  bc02       pop      {r1}",
    "0x00038776:  d002       beq      #0x3877e",
    "0x00038778:  e7fa       b        #0x38770",
  );
  it.each([
    ["x86 in 16 bits", block("0x000fe05b:  2e 66 83 3e 88 61 00     cmpl     $0, %cs:0x6188"), "i386"],
    ["x86 in 32 bits", block("0x08049b00:  31 ed                    xorl     %ebp, %ebp"), "i386"],
    ["x86 in 64 bits", block("0x0040ebf2:  49 89 d1                 movq     %rdx, %r9"), "x86_64"],
    ["A32", a32, "arm"],
    ["T32", t32, "arm"],
    ["aarch64", fixture("in_asm-exec-aarch64.log"), "aarch64"],
    ["riscv64", fixture("in_asm-riscv64.log"), "riscv64"],
    ["too little of Arm", block("0x40000000:  e3a00000  mov      r0, #0"), undefined],
    [
      "jumps that are none of Arm's",
      block("0x40000000:  1a000001  b  #0x40", "0x40000004:  1a000001  b  #0x40"),
      undefined,
    ],
  ])("tell the target: %s", async (_, text, target) => {
    expect((await guest(text)).target).toBe(target);
  });

  it("of Arm are in the order of memory, so that names can be checked by them", async () => {
    const { blocks } = (await importBytes(a32)).trace;
    expect([blocks.crc[0] === 0, blocks.size[0], blocks.instructions[0]]).toEqual([false, 12, 3]);
  });
});
