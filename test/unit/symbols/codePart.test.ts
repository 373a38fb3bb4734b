import { describe, expect, it } from "vitest";
import {
  compareCode,
  outgoingBranch,
  PatchKind,
  type CodePart,
  type Patch,
  type RecordedCode,
} from "../../../src/symbols/code/codePart";
import { crc32 } from "../../../src/trace/crc";

/** push %rbx; lock incl (%rdi); call (relocated); ret thunk (relocated jump); nop */
const file = Uint8Array.of(0x53, 0xf0, 0xff, 0x07, 0xe8, 0, 0, 0, 0, 0xe9, 0, 0, 0, 0, 0x90);
const part = (...patches: Patch[]): CodePart => ({ start: 0n, pageOffset: 0, bytes: file, fixed: false, patches });
const address = 0xffff_ffff_c000_1000n;

/** A block that the guest had with these bytes, from an offset of the part on. */
const recorded = (offset: number, bytes: readonly number[], more: Partial<RecordedCode> = {}): RecordedCode => ({
  address: address + BigInt(offset),
  size: bytes.length,
  crc: crc32(Uint8Array.from(bytes)),
  target: 0n,
  endsInReturn: false,
  ...more,
});
const compare = (code: CodePart, offset: number, block: RecordedCode) => compareCode(code, offset, block, crc32);

describe("code that was recorded, against a file's", () => {
  it("is the same by its bytes, where no loader changes them", () => {
    expect(compare(part(), 0, recorded(0, [0x53, 0xf0]))).toBe("same");
    expect(compare(part(), 0, recorded(0, [0x53, 0xf1]))).toBe("different");
    expect(compare(part(), 14, recorded(14, [0x90, 0x90]))).toBe("different");
    expect(compare(part(), -1, recorded(0, [0x53]))).toBe("different");
  });

  it("has the distance to the recorded target in its branch", () => {
    const call = part({ offset: 5, length: 4, kind: PatchKind.Branch, symbol: "kmalloc" });
    const bytes = [0xe8, 0xf7, 0x0f, 0, 0]; // to 0x1000 behind the part's start, from its ninth byte
    expect(compare(call, 4, recorded(4, bytes, { target: address + 0x1000n }))).toBe("same");
    expect(compare(call, 4, recorded(4, bytes, { target: address + 0x1001n }))).toBe("different");
    expect(compare(call, 4, recorded(4, bytes))).toBe("unknown");
    expect(outgoingBranch(call, 4, 5)?.symbol).toBe("kmalloc");
    expect(outgoingBranch(call, 4, 4)).toBeNull();
    expect(outgoingBranch(part(), 4, 5)).toBeNull();
  });

  it("has a NOP for the call at a function's entry", () => {
    const entry = part({ offset: 4, length: 5, kind: PatchKind.FunctionEntry });
    expect(compare(entry, 4, recorded(4, [0x0f, 0x1f, 0x44, 0, 0]))).toBe("same");
    expect(compare(entry, 4, recorded(4, [0xe8, 0, 0, 0, 0]))).toBe("different");
    expect(compare(entry, 5, recorded(5, [0, 0]))).toBe("unknown");
  });

  it("has a return for a return thunk, or still the jump to it", () => {
    const thunk = part({ offset: 9, length: 5, kind: PatchKind.Return });
    expect(compare(thunk, 9, recorded(9, [0xc3], { endsInReturn: true }))).toBe("same");
    const jump = [0xe9, 0xf2, 0x0f, 0, 0];
    expect(compare(thunk, 9, recorded(9, jump, { target: address + 0x1000n }))).toBe("same");
    expect(compare(thunk, 9, recorded(9, [0xe9, 0]))).toBe("unknown");
  });

  it("may have lost its lock prefixes", () => {
    const lock = part({ offset: 1, length: 1, kind: PatchKind.Lock });
    expect(compare(lock, 0, recorded(0, [0x53, 0xf0, 0xff, 0x07]))).toBe("same");
    expect(compare(lock, 0, recorded(0, [0x53, 0x3e, 0xff, 0x07]))).toBe("same");
    expect(compare(lock, 0, recorded(0, [0x53, 0x3f, 0xff, 0x07]))).toBe("different");
  });

  it("proves nothing where it was changed in an unknown way", () => {
    const unknown = part({ offset: 2, length: 4, kind: PatchKind.Unknown });
    expect(compare(unknown, 0, recorded(0, [0x53, 0xf0]))).toBe("same");
    expect(compare(unknown, 0, recorded(0, [0x53, 0xf0, 0xff]))).toBe("unknown");
    expect(compare(unknown, 5, recorded(5, [0]))).toBe("unknown");
    expect(compare(unknown, 6, recorded(6, [0]))).toBe("same");
  });
});
