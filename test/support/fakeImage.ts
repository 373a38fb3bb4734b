/** An image made up for a test: functions and lines at chosen addresses, bytes that are a function of the address. */
import { guestAddress } from "../../src/protocol/units";
import { sourceName } from "../../src/symbols/functionPieces";
import type { ImageSymbols, LineColumns, LineTable, LoadSegment } from "../../src/symbols/types";

export interface FakeFunction {
  readonly name: string;
  readonly address: bigint;
  readonly size: number;
  /** Name of the function that this is a piece of. */
  readonly parent?: string;
}

export interface FakeLine {
  readonly address: bigint;
  readonly file: string;
  readonly line: number;
}

export interface FakeImage {
  /** In order of address. */
  readonly functions: readonly FakeFunction[];
  /** In order of address; each holds up to the next. */
  readonly lines?: readonly FakeLine[];
  readonly buildId?: string;
  readonly segments?: readonly LoadSegment[];
}

export const kernelBase = 0xffff_ffff_8100_0000n;

/** One segment of 16 MiB at the usual place of an x86_64 kernel. */
const kernelSegment: LoadSegment = {
  virtualAddress: guestAddress(kernelBase),
  physicalAddress: guestAddress(0x100_0000n),
  memorySize: 0x100_0000n,
  executable: true,
};

/** The bytes that every fake image holds at an address: mixed, so that no two stretches are alike. */
export const fakeBytes = (address: bigint, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => {
    const mixed = BigInt.asUintN(64, (address + BigInt(index)) * 0x9e37_79b9_7f4a_7c15n);
    return Number(mixed >> 56n);
  });

export function fakeImage({ functions, lines, buildId, segments = [kernelSegment] }: FakeImage): ImageSymbols {
  const parentOf = ({ name, parent }: FakeFunction): number =>
    functions.findIndex((candidate) => candidate.name === (parent ?? name));
  const find = (address: bigint): number =>
    functions.findIndex((one) => address >= one.address && address < one.address + BigInt(one.size));
  return {
    path: "/fake/vmlinux",
    machine: "x86_64",
    isLinked: true,
    buildId: buildId ?? null,
    banner: null,
    segments,
    functions: {
      count: functions.length,
      address: BigUint64Array.from(functions, ({ address }) => address),
      size: Uint32Array.from(functions, ({ size }) => size),
      parent: Int32Array.from(functions, parentOf),
      name: (index) => functions[index].name,
      sourceName: (index) => sourceName(functions[index].name),
    },
    hasLines: lines !== undefined,
    problem: null,
    lines: () => Promise.resolve(lines === undefined ? null : fakeLineTable(lines)),
    linesFor: () => Promise.resolve(lines === undefined ? null : fakeLineTable(lines)),
    lookupMany: (addresses) => Int32Array.from(addresses, find),
    inlineFramesMany: () => Promise.resolve(null),
    addressOf: (name) => {
      const found = functions.find((one) => one.name === name);
      return found === undefined ? null : guestAddress(found.address);
    },
    read: (address, length) => {
      const inside = segments.some(
        ({ virtualAddress, memorySize }) =>
          address >= virtualAddress && address + BigInt(length) <= virtualAddress + memorySize,
      );
      return inside ? fakeBytes(address, length) : null;
    },
    close: () => undefined,
  };
}

export function fakeLineTable(lines: readonly FakeLine[]): LineTable {
  const files = [...new Set(lines.map(({ file }) => file))];
  const find = (address: bigint): FakeLine | undefined => lines.findLast((line) => line.address <= address);
  const lookupMany = (addresses: BigUint64Array): LineColumns => {
    const found = Array.from(addresses, find);
    return {
      file: Int32Array.from(found, (line) => (line === undefined ? -1 : files.indexOf(line.file))),
      line: Uint32Array.from(found, (line) => line?.line ?? 0),
    };
  };
  return { files, lookupMany, entriesMany: lookupMany };
}
