import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attribute } from "../../../src/analysis/attribution";
import { attributeInlined, inlinedCosts, inlinedFirst } from "../../../src/analysis/inlinedFunctions";
import { allInstructions } from "../../../src/analysis/instructionAddresses";
import { linkedPlace } from "../../../src/analysis/placement";
import { rowCosts, totalsOf } from "../../../src/analysis/rowCosts";
import type { InlineFrames } from "../../../src/symbols/types";
import { BlockColumns, formatBlockRecord, type BlockRecord } from "../../../src/trace/blocks";
import { fakeImage, kernelBase } from "../../support/fakeImage";

/** Two functions of 32 bytes; `helper` is inlined at the offsets 8 … 15 of each, and `deep` into it at 12 … 15. */
const image = fakeImage({
  functions: [
    { name: "first", address: kernelBase, size: 32 },
    { name: "second", address: kernelBase + 32n, size: 32 },
  ],
});
const names = ["first", "second", "helper", "deep"];

function framesOf(addresses: BigUint64Array): InlineFrames {
  const chains = Array.from(addresses, (address) => {
    const offset = Number(address - kernelBase);
    const inner = offset % 32 >= 12 && offset % 32 < 16 ? [3, 2] : offset % 32 >= 8 && offset % 32 < 16 ? [2] : [];
    return [...inner, offset < 32 ? 0 : 1];
  });
  const first = Uint32Array.from([0, ...chains].map((_, index) => chains.slice(0, index).flat().length));
  const name = Int32Array.from(chains.flat());
  return {
    first,
    name,
    file: new Int32Array(name.length).fill(0),
    line: new Uint32Array(name.length).fill(1),
    names,
    declarations: { file: [0, 0, 1, -1], line: [1, 5, 9, 0] },
    files: ["/build/kernel/a.c", "/build/include/b.h"],
    problem: null,
  };
}

function inlined(records: readonly BlockRecord[]) {
  const blocks = new BlockColumns();
  for (const record of records) blocks.add(formatBlockRecord(record));
  blocks.finish();
  const first = Float64Array.from(records, (_, index) => index);
  const input = {
    blocks,
    first,
    machine: { target: "x86_64", commandLine: [] },
    image,
    placement: linkedPlace,
    code: null,
    withoutImage: "",
  };
  const attribution = attribute(input);
  const instructions = allInstructions(blocks, attribution.linkAddress);
  const sources = { file: attribution.rows.map(() => null), line: new Uint32Array(attribution.rows.length), roots: [] };
  const frames = framesOf(instructions.addresses);
  return { attribution, found: attributeInlined(blocks, attribution, instructions, frames, sources), first };
}

const costsOf = (executions: readonly number[]) => ({
  executions: Float64Array.from(executions),
  time: Float64Array.from(executions, (times) => times * 10),
});

describe("cost of inlined functions", () => {
  const { found, first } = inlined([
    { address: kernelBase, size: 16, instructionLengths: [4, 4, 4, 4], physicalAddress: 0x100_0000n },
    { address: kernelBase + 40n, size: 24, instructionLengths: [4, 20], physicalAddress: 0x100_0028n },
  ]);
  const { costs, into } = inlinedCosts(found, costsOf([10, 3]));
  const row = (name: string) => found.rows.findIndex((candidate) => candidate.name === name);

  it("goes to the function that was inlined, to the instruction", () => {
    const table = Object.fromEntries(
      found.rows.map(({ name }, index) => [name, [costs.executions[index], costs.instructions[index]]]),
    );
    // A block's executions count where it starts.
    expect(table).toEqual({ first: [10, 20], second: [0, 0], helper: [3, 13], deep: [0, 13] });
  });

  it("says what it was inlined into, most expensive first, and nothing of other rows", () => {
    expect(into(row("helper"), "instructions")).toEqual({
      functions: ["first", "second"],
      cost: [10, 3],
      count: 2,
      total: 13,
    });
    expect(into(row("helper"), "executions")).toEqual({
      functions: ["second", "first"],
      cost: [3, 0],
      count: 2,
      total: 3,
    });
    expect(into(row("first"), "instructions")).toBeNull();
  });

  it("is shown where the inlined function is declared, since its first execution", () => {
    expect(found.sources.file[row("helper")]).toBe("/build/include/b.h");
    expect(found.sources.line[row("helper")]).toBe(9);
    expect(found.sources.file[row("deep")]).toBeNull();
    expect(inlinedFirst(found, first)[row("helper")]).toBe(0);
    expect(found.rows[row("helper")].address).toBe(kernelBase + 8n);
  });

  it("leaves the whole block with its start when the lengths of its instructions are unknown", () => {
    const block = { address: kernelBase + 8n, size: 14, instructions: 4, physicalAddress: 0x100_0008n };
    const whole = inlined([block]).found;
    const sums = inlinedCosts(whole, costsOf([5])).costs;
    expect(whole.rows.map(({ name }, index) => [name, sums.instructions[index]])).toEqual([
      ["first", 0],
      ["helper", 20],
    ]);
  });
});

it("adds up to the cost of the blocks, whatever they are", () => {
  const block = fc.record({
    at: fc.nat(80),
    lengths: fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 12 }),
    times: fc.nat(1000),
  });
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 20 }), (blocks) => {
      const { attribution, found } = inlined(
        blocks.map(({ at, lengths }) => ({
          address: kernelBase + BigInt(at),
          size: lengths.reduce((sum, length) => sum + length, 0),
          instructionLengths: lengths,
          physicalAddress: 0x100_0000n + BigInt(at),
        })),
      );
      const costs = costsOf(blocks.map(({ times }) => times));
      expect(totalsOf(inlinedCosts(found, costs).costs)).toEqual(totalsOf(rowCosts(attribution, costs)));
    }),
  );
});
