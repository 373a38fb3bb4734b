/** Ways to spoil a file: bytes, fixed and variable-length integers, ranges, lines and numbers of text, parts of other files. */
import type { Random } from "./random";

/** Inputs are kept small: what a reader does wrong it does wrong on small files, and many more of them can be tried. */
export const longestInput = 64 * 1024;

type Mutation = (bytes: Buffer, random: Random, others: readonly Uint8Array[]) => Buffer;

/** Where counts overflow, change their sign, or take one byte more. */
const tellingNumbers = [
  ...[0n, 1n, 2n, 7n, 8n, 16n, 0x7fn, 0x80n, 0xffn, 0x100n, 0x3fffn, 0x7fffn, 0x8000n, 0xffffn, 0x10000n, 0xffffffn],
  ...[0x7fffffffn, 0x80000000n, 0xfffffff0n, 0xffffffffn, 0x100000000n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n],
  ...[2n ** 63n, 2n ** 64n - 16n, 2n ** 64n - 1n],
];

const place = (bytes: Buffer, random: Random): number => random.below(bytes.length + 1);
/** Mostly short. */
const lengthUpTo = (most: number, random: Random): number => random.below(Math.min(most, 1 << random.below(14)) + 1);

function replaced(bytes: Buffer, from: number, to: number, by: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)]);
}

function flipBit(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length);
  bytes[at] ^= 1 << random.below(8);
  return bytes;
}

function setByte(bytes: Buffer, random: Random): Buffer {
  bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}

/** An integer of 1, 2, 4 or 8 bytes, of either order, becomes a telling one or a near one. */
function setInteger(bytes: Buffer, random: Random): Buffer {
  const width = random.of([1, 2, 4, 8]);
  if (bytes.length < width) return bytes;
  const at = random.below(bytes.length - width + 1);
  const field = bytes.subarray(at, at + width);
  const isLittle = random.below(3) > 0;
  const before = BigInt(`0x${Buffer.from(isLittle ? Buffer.from(field).reverse() : field).toString("hex")}`);
  const after = random.below(3) === 0 ? before + BigInt(random.below(33) - 16) : random.of(tellingNumbers);
  const digits = BigInt.asUintN(8 * width, after)
    .toString(16)
    .padStart(2 * width, "0");
  const value = Buffer.from(digits, "hex");
  field.set(isLittle ? value.reverse() : value);
  return bytes;
}

/** A LEB128 integer takes the place of one. */
function setVarint(bytes: Buffer, random: Random): Buffer {
  const at = place(bytes, random);
  let end = at;
  while (end < bytes.length && bytes[end] >= 0x80 && end - at < 10) end++;
  const parts: number[] = [];
  let value = random.of(tellingNumbers);
  do {
    parts.push(Number(value & 0x7fn) | 0x80);
    value >>= 7n;
  } while (value > 0n);
  parts[parts.length - 1] &= 0x7f;
  return replaced(bytes, at, Math.min(bytes.length, end + 1), Uint8Array.from(parts));
}

function removeRange(bytes: Buffer, random: Random): Buffer {
  const from = place(bytes, random);
  return replaced(bytes, from, from + lengthUpTo(bytes.length - from, random), Buffer.alloc(0));
}

function insertNoise(bytes: Buffer, random: Random): Buffer {
  const at = place(bytes, random);
  const fill = random.below(3) === 0 ? random.below(256) : null;
  const noise = Uint8Array.from({ length: lengthUpTo(256, random) }, () => fill ?? random.below(256));
  return replaced(bytes, at, at, noise);
}

function copyRange(bytes: Buffer, random: Random): Buffer {
  const from = place(bytes, random);
  const part = Buffer.from(bytes.subarray(from, from + lengthUpTo(bytes.length - from, random)));
  const at = place(bytes, random);
  return replaced(bytes, at, random.below(2) === 0 ? at : Math.min(bytes.length, at + part.length), part);
}

const cut: Mutation = (bytes, random) => bytes.subarray(0, place(bytes, random));

/** The beginning of this one and the end of another. */
function splice(bytes: Buffer, random: Random, others: readonly Uint8Array[]): Buffer {
  const other = random.of(others);
  return Buffer.concat([bytes.subarray(0, place(bytes, random)), other.subarray(random.below(other.length + 1))]);
}

/** A line of text is left out, doubled, or moved. */
function moveLine(bytes: Buffer, random: Random): Buffer {
  const line = lineAt(bytes, place(bytes, random));
  const text = Buffer.from(bytes.subarray(line.from, line.to));
  const rest = random.below(2) === 0 ? bytes : replaced(bytes, line.from, line.to, Buffer.alloc(0));
  const target = lineAt(rest, place(rest, random)).from;
  return random.below(4) === 0 ? rest : replaced(rest, target, target, text);
}

function lineAt(bytes: Buffer, at: number): { from: number; to: number } {
  const from = at === 0 ? 0 : bytes.lastIndexOf(10, at - 1) + 1;
  const newline = bytes.indexOf(10, at);
  return { from, to: newline < 0 ? bytes.length : newline + 1 };
}

const tellingTexts = [
  ...[
    "0",
    "-1",
    "1e999",
    "NaN",
    "0x",
    "ffffffffffffffff",
    "10000000000000000",
    "9007199254740993",
    "18446744073709551616",
  ],
  ...["%s", "\0", "é", "\r", " ", "\t", ":", "[", "]", "/", "=", "@", '"', "a".repeat(5000)],
];

/** A word or number of text becomes a telling one. */
function setText(bytes: Buffer, random: Random): Buffer {
  const isWord = (byte: number | undefined): boolean => byte !== undefined && /\w/.test(String.fromCharCode(byte));
  const at = place(bytes, random);
  let [from, to] = [at, at];
  while (from > 0 && at - from < 40 && isWord(bytes[from - 1])) from--;
  while (to - at < 40 && isWord(bytes[to])) to++;
  return replaced(bytes, from, to, Buffer.from(random.of(tellingTexts), "latin1"));
}

const mutations: readonly Mutation[] = [
  ...[flipBit, setByte, setInteger, setInteger, setInteger, setVarint],
  ...[removeRange, insertNoise, copyRange, cut, splice, moveLine, setText],
];

/** A spoiled copy, by one to eight of the ways. */
export function mutate(bytes: Uint8Array, random: Random, others: readonly Uint8Array[]): Buffer {
  let result = Buffer.from(bytes);
  for (let left = 1 << random.below(4); left > 0; left--) {
    const mutation = result.length === 0 ? insertNoise : random.of(mutations);
    result = Buffer.from(mutation(result, random, others)).subarray(0, longestInput);
  }
  return result;
}
