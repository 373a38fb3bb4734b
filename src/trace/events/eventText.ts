/** Values of events as people and programs read them. */
import { ArgumentKind, type EventArgument, type EventDescriptor, type EventValue } from "./eventDescriptor";
import { pythonBytes } from "./pythonBytes";

const wordBytes = 8;
const utf8 = new TextDecoder("utf-8", { fatal: true });
const latin1 = new TextDecoder("latin1");

/** An argument by name. */
export interface NamedValue {
  readonly name: string;
  readonly value: bigint | string;
  readonly hexadecimal: boolean;
  /** Of an event without a description: its name is made up. */
  readonly nameless?: true;
}

/** Whether a trace-events file would give the argument its name. */
export const isNameless = ({ nameless }: NamedValue): boolean => nameless === true;

/**
 * A record's arguments by name. Those of an event without a description are its words, `arg1` and so on, or, when they are no
 * words, their bytes as `data` in hexadecimal.
 */
export function namedValues(descriptor: EventDescriptor, values: readonly EventValue[]): NamedValue[] {
  return descriptor.arguments.flatMap((argument, index) => {
    const value = values[index];
    const { name, hexadecimal } = argument;
    if (typeof value === "bigint") return [{ name, value, hexadecimal }];
    if (argument.kind === ArgumentKind.Bytes) return wordsOf(value);
    return [{ name, value: textOf(value), hexadecimal }];
  });
}

/** As UTF-8 if it is that, else byte by byte. */
export function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return latin1.decode(bytes);
  }
}

const hexText = (value: bigint): string => `0x${BigInt.asUintN(64, value).toString(16)}`;

/** A value as lists show it: in the base of QEMU's own format, negative ones in decimal. */
export const valueText = ({ value, hexadecimal }: NamedValue): string =>
  typeof value === "string" ? value : hexadecimal && value >= 0n ? hexText(value) : value.toString();

/** A value as JSON has it: a number where a double holds it, else its hexadecimal text. */
export const jsonValue = ({ value }: NamedValue): string | number =>
  typeof value === "string" ? value : isSafe(value) ? Number(value) : hexText(value);

const isSafe = (value: bigint): boolean => value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;

/**
 * A record as QEMU's simpletrace.py prints it (QEMU 8.2 and newer): every number as unsigned hexadecimal, texts as Python
 * prints bytes, and a space after the pid even when no argument follows.
 * @param delta nanoseconds since the record printed before
 * @param pid the process, or -1: its trace does not say
 */
export function simpletraceLine(
  descriptor: EventDescriptor,
  values: readonly EventValue[],
  delta: bigint,
  pid: number,
): string {
  const head = `${descriptor.name} ${(Number(delta) / 1000).toFixed(3)}${pid < 0 ? "" : ` pid=${pid}`}`;
  const given = descriptor.arguments.flatMap((argument, index) => simpletraceFields(argument, values[index]));
  return `${head} ${given.join(" ")}\n`;
}

function simpletraceFields({ name, kind }: EventArgument, value: EventValue): string[] {
  if (typeof value === "bigint") return [`${name}=${hexText(value)}`];
  if (kind === ArgumentKind.Text) return [`${name}=${pythonBytes(value)}`];
  return wordsOf(value).map((word) => `${word.name}=${valueText(word)}`);
}

function wordsOf(bytes: Uint8Array): NamedValue[] {
  if (bytes.length % wordBytes !== 0) {
    return [{ name: "data", value: Buffer.from(bytes).toString("hex"), hexadecimal: false, nameless: true }];
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / wordBytes }, (_, index) => ({
    name: `arg${index + 1}`,
    value: view.getBigUint64(wordBytes * index, true),
    hexadecimal: true,
    nameless: true,
  }));
}
