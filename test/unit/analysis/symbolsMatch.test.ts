import { describe, expect, it } from "vitest";
import { matchImage } from "../../../src/analysis/symbolsMatch";
import { BlockColumns, formatBlockRecord, type BlockRecord } from "../../../src/trace/blocks";
import { crc32 } from "../../../src/trace/crc";
import { Terminator } from "../../../src/trace/types";
import { fakeBytes, fakeImage, kernelBase } from "../../support/fakeImage";

const functions = Array.from({ length: 40 }, (_, index) => ({
  name: `function${index}`,
  address: kernelBase + BigInt(index * 64),
  size: 64,
}));
const image = fakeImage({ functions, buildId: "abcd" });
const metadata = { target: "x86_64" };

function table(records: readonly BlockRecord[]): BlockColumns {
  const blocks = new BlockColumns();
  for (const record of records) blocks.add(formatBlockRecord(record));
  blocks.finish();
  return blocks;
}

/** Blocks with the bytes of the image, or with other bytes where `patched` says so, run at a slide. */
const recorded = (patched: (index: number) => boolean, slide = 0n): BlockRecord[] =>
  functions.map(({ address }, index) => ({
    address: address + 4n + slide,
    physicalAddress: address + 4n - kernelBase + 0x100_0000n + slide / 2n,
    size: 12,
    crc: crc32(fakeBytes(patched(index) ? address + 5n : address + 4n, 12)),
  }));

describe("matching an image with a trace", () => {
  it("accepts the build-id that the guest had", () => {
    const { match } = matchImage(table([]), { ...metadata, kernel: { buildIds: ["1234", "abcd"] } }, image);
    expect(match.verdict).toBe("matches");
    expect(match.evidence).toContain("abcd");
  });

  it("compares the bytes of blocks, and bears what a kernel patches at boot", () => {
    expect(matchImage(table(recorded((index) => index % 5 === 0)), metadata, image).match).toEqual({
      verdict: "matches",
      evidence: "80.0 % of 40 recorded kernel blocks have the bytes of this vmlinux.",
    });
    expect(matchImage(table(recorded((index) => index % 10 !== 0)), metadata, image).match.verdict).toBe("mismatch");
  });

  it("does not take the build-ids of others for the kernel's", () => {
    const other = { ...metadata, kernel: { buildIds: ["1234"] } };
    expect(matchImage(table(recorded(() => true)), other, image).match.verdict).toBe("mismatch");
  });

  it("finds where KASLR put the kernel", () => {
    const { match, placement } = matchImage(table(recorded(() => false, 0x1e0_0000n)), metadata, image);
    expect(match.verdict).toBe("matches");
    expect(placement).toEqual({ virtualSlide: 0x1e0_0000n, physicalSlide: 0xf0_0000n });
  });

  it("finds a kernel of arm64 far away, and its first code where it was loaded", () => {
    const arm64 = { ...image, machine: "aarch64" } as const;
    const slide = 0xffff_d2ad_bca0_0000n - kernelBase;
    const bytes = recorded(() => false).map(({ address, size = 0, crc = 0 }) => ({ address, size, crc }));
    const early = bytes.slice(0, 3).map((block) => ({ ...block, address: block.address - kernelBase + 0x4020_0000n }));
    const late = bytes.map((block) => ({ ...block, address: block.address + slide }));
    const blocks = table([...early, ...late]);
    const { match, placement } = matchImage(blocks, { target: "aarch64" }, arm64);
    expect(match.verdict).toBe("matches");
    const [{ physicalAddress }] = arm64.segments;
    expect(placement).toEqual({ virtualSlide: slide, physicalSlide: 0x4020_0000n - physicalAddress });
  });

  it("takes no longer for an image that claims all memory for its code", () => {
    const huge = image.segments.map((segment) => ({ ...segment, memorySize: 0xffff_ffff_ffff_0000n }));
    const blocks = table(recorded(() => true));
    expect(matchImage(blocks, metadata, { ...image, segments: huge }).match.verdict).toBe("mismatch");
  });

  it("goes by the targets of calls where bytes were not recorded", () => {
    const calls = (offset: bigint): BlockRecord[] =>
      functions.map(({ address }) => ({
        address: address + 8n,
        target: address + offset,
        terminator: Terminator.Call,
      }));
    expect(matchImage(table(calls(0n)), metadata, image).match.verdict).toBe("matches");
    expect(matchImage(table(calls(3n)), metadata, image).match.verdict).toBe("mismatch");
  });

  it("goes by whether functions were entered at their start when only addresses are known", () => {
    const entered = (atStart: (index: number) => boolean): BlockRecord[] =>
      functions.flatMap(({ address }, index) => [
        ...(atStart(index) ? [{ address }] : []),
        { address: address + 17n },
        { address: address + 40n },
      ]);
    expect(matchImage(table(entered((index) => index % 20 !== 0)), metadata, image).match).toEqual({
      verdict: "matches",
      evidence: "95.0 % of 40 functions of this vmlinux that the trace executed were entered at their start.",
    });
    // Of the package one update older, 63 % were.
    expect(matchImage(table(entered((index) => index % 8 < 5)), metadata, image).match.verdict).toBe("mismatch");
  });

  it("goes by whether they were entered near it where calls are told of behind a function's prologue", () => {
    const source = { ...metadata, source: { format: "uftrace" } };
    const large = functions.map(({ name }, index) => ({ name, address: kernelBase + BigInt(index * 512), size: 512 }));
    const calls = (offset: bigint) => table(large.map(({ address }) => ({ address: address + offset })));
    const match = (offset: bigint) => matchImage(calls(offset), source, fakeImage({ functions: large })).match;
    expect(match(24n)).toEqual({
      verdict: "matches",
      evidence: "100.0 % of 40 functions of this vmlinux that the trace executed were entered near their start.",
    });
    expect(match(200n).verdict).toBe("mismatch");
  });

  it("says so when there is nothing to compare", () => {
    expect(matchImage(table([{ address: 0xf_e05bn }]), metadata, image).match.verdict).toBe("unchecked");
    // The hottest blocks are seldom those that functions begin with.
    const hottest = table(functions.map(({ address }) => ({ address: address + 17n })));
    expect(matchImage(hottest, { ...metadata, source: { format: "hotblocks" } }, image).match.verdict).toBe(
      "unchecked",
    );
  });
});
