import { describe, expect, it } from "vitest";
import { openImage } from "../../../src/symbols/image";
import { elfOfFlatImage, isFlatImage } from "../../../src/symbols/kernelImage/flatImage";
import type { FunctionIndex, ImageSymbols } from "../../../src/symbols/types";
import { flatKernel } from "../../fuzz/targets/kernelSeed";

const base = 0xffff_ffff_8100_0000n;
const open = (image: Uint8Array): Promise<ImageSymbols> =>
  openImage("Image", undefined, () => Promise.resolve(elfOfFlatImage(image)));

/** A GNU build-id note. */
function note(fill: number): Buffer {
  return Buffer.concat([Buffer.from("040000001400000003000000474e5500", "hex"), Buffer.alloc(20, fill)]);
}

describe("a kernel's flat image", () => {
  it("has the names and addresses that it carries, where its relocations put it", async () => {
    const image = await open(flatKernel());
    expect(image.machine).toBe("aarch64");
    expect(image.functions.count).toBe(300);
    expect(image.functions.address[2]).toBe(base + 32n);
    expect(image.functions.name(2 as FunctionIndex)).toBe("symbol_2");
    expect(image.segments).toMatchObject([{ virtualAddress: base, executable: true, memorySize: 1n << 20n }]);
    expect(image.buildId).toBeNull();
  });

  it("has the kernel's build-id, not that of a vDSO in it", async () => {
    const flat = flatKernel();
    const padding = Buffer.alloc((4096 - (flat.length % 4096)) % 4096);
    const vdso = Buffer.alloc(4096);
    vdso.write("\x7fELF\x02", "latin1");
    vdso.writeBigUInt64LE(1024n, 40); // section headers: one of 64 bytes
    vdso.writeUInt16LE(64, 58);
    vdso.writeUInt16LE(1, 60);
    vdso.set(note(0x11), 512);
    const image = await open(Buffer.concat([flat, padding, vdso, note(0x22)]));
    expect(image.buildId).toBe("22".repeat(20));
  });

  it("may have relocations of its offset that put it elsewhere, but not without end", async () => {
    const flat = flatKernel();
    const [rest, right] = [flat.subarray(0, flat.length - 24), flat.subarray(flat.length - 24)];
    const last = 2n ** 64n - 0x20_0000n;
    const wrong = Buffer.from(right);
    wrong.writeBigUInt64LE(right.readBigUInt64LE(0) - base + last, 0);
    // The symbols behind the first would begin at 0 again.
    wrong.writeBigUInt64LE(2n ** 64n - 1n, 16);
    const withWrong = (count: number): Buffer =>
      Buffer.concat([rest, Buffer.alloc(0x20_0000), ...Array<Buffer>(count).fill(wrong), right]);
    const image = await open(withWrong(5));
    expect(image.functions.address[2]).toBe(base + 32n);
    expect(elfOfFlatImage(withWrong(100))).toBeNull();
  });

  it("is none without its mark, and nothing without symbols", () => {
    const other = flatKernel();
    other.write("XXXX", 0x38, "latin1");
    expect(isFlatImage(other)).toBe(false);
    expect(elfOfFlatImage(other)).toBeNull();
    expect(isFlatImage(flatKernel().subarray(0, 64))).toBe(true);
    expect(elfOfFlatImage(flatKernel().subarray(0, 2000))).toBeNull();
  });
});
