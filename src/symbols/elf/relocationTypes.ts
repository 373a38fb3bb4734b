import { ElfMachine } from "./constants";

/** What a relocation does with the bytes at its place, in the terms of the processor supplements: S + A is its value. */
export interface RelocationKind {
  /** "set": S + A. "relative": S + A - P. "add" and "subtract": to and from what is there. */
  readonly operation: "set" | "relative" | "add" | "subtract";
  /** Width in bytes; "uleb": an unsigned LEB128 number, which keeps its length. */
  readonly width: 1 | 2 | 4 | 8 | "uleb";
}

type Kinds = ReadonlyMap<number, RelocationKind | null>;

const kind = (operation: RelocationKind["operation"], width: RelocationKind["width"]): RelocationKind => ({
  operation,
  width,
});

/** R_X86_64_* (psABI, table 4.9). */
const x86_64: Kinds = new Map([
  [0, null],
  [1, kind("set", 8)],
  [2, kind("relative", 4)],
  [10, kind("set", 4)],
  [11, kind("set", 4)],
  [12, kind("set", 2)],
  [14, kind("set", 1)],
  [24, kind("relative", 8)],
]);

/** R_AARCH64_* (ELF for the Arm 64-bit Architecture, "Static Data relocations"). */
const aarch64: Kinds = new Map([
  [0, null],
  [256, null],
  [257, kind("set", 8)],
  [258, kind("set", 4)],
  [259, kind("set", 2)],
  [260, kind("relative", 8)],
  [261, kind("relative", 4)],
]);

/** R_RISCV_* (RISC-V ELF psABI, "Relocations"). Distances are pairs of them, because the linker may shorten code. */
const riscv64: Kinds = new Map([
  [0, null],
  [1, kind("set", 4)],
  [2, kind("set", 8)],
  [33, kind("add", 1)],
  [34, kind("add", 2)],
  [35, kind("add", 4)],
  [36, kind("add", 8)],
  [37, kind("subtract", 1)],
  [38, kind("subtract", 2)],
  [39, kind("subtract", 4)],
  [40, kind("subtract", 8)],
  [51, null],
  [54, kind("set", 1)],
  [55, kind("set", 2)],
  [56, kind("set", 4)],
  [57, kind("relative", 4)],
  [60, kind("set", "uleb")],
  [61, kind("subtract", "uleb")],
]);

/** R_386_* (System V ABI, Intel386 supplement, "Relocation"). */
const i386: Kinds = new Map([
  [0, null],
  [1, kind("set", 4)],
  [2, kind("relative", 4)],
  [20, kind("set", 2)],
  [22, kind("set", 1)],
]);

/** R_ARM_* (ELF for the Arm Architecture, "Static Data relocations"). */
const arm: Kinds = new Map([
  [0, null],
  [2, kind("set", 4)],
  [3, kind("relative", 4)],
  [5, kind("set", 2)],
  [8, kind("set", 1)],
]);

/** Machines whose objects have 32-bit headers. */
export const narrowMachines: ReadonlySet<number> = new Set([ElfMachine.I386, ElfMachine.Arm]);

/** The relocations that debug information has, by machine. Null: one that changes no bytes. */
export const relocationKinds: ReadonlyMap<number, Kinds> = new Map([
  [ElfMachine.X86_64, x86_64],
  [ElfMachine.I386, i386],
  [ElfMachine.Arm, arm],
  [ElfMachine.AArch64, aarch64],
  [ElfMachine.RiscV, riscv64],
]);
