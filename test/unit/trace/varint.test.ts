import fc from "fast-check";
import { expect, it } from "vitest";
import { varintEnd, varintValue, writeVarint } from "../../../src/trace/varint";

it("writes what it reads, up to 2^53", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(5), (value, at) => {
      const bytes = new Uint8Array(24);
      const end = writeVarint(bytes, at, value);
      expect(varintEnd(bytes, at, bytes.length)).toBe(end);
      expect(varintValue(bytes, at, end)).toBe(value);
      expect(varintEnd(bytes, at, end - 1)).toBe(-1);
    }),
  );
});

it("is LEB128", () => {
  const bytes = new Uint8Array(3);
  expect(writeVarint(bytes, 0, 624485)).toBe(3);
  expect([...bytes]).toEqual([0xe5, 0x8e, 0x26]);
});

it("refuses more than ten bytes", () => {
  expect(varintEnd(new Uint8Array(20).fill(0x80), 0, 20)).toBe(-1);
  expect(varintEnd(Uint8Array.from([...Array<number>(9).fill(0x80), 1]), 0, 10)).toBe(10);
});
