/**
 * Learns how a log line is laid out, so that assembly/logLines.ts can read those laid out alike. Which bytes must stay as they
 * are, which may be any hexadecimal digit: whatever agrees is a line that LogLineParser reads in the same way.
 */

/** Kinds as assembly/logLines.ts numbers them. */
export const templateKind = { trace: 0, execTb: 1, exit: 2 } as const;
export type TemplateKind = (typeof templateKind)[keyof typeof templateKind];

/** Bytes of a template in memory, and of the longest line beginning that has room in it. */
export const templateBytes = 448;
const groupBytes = 16;
const groupsAt = 64;
export const longestTemplate = ((templateBytes - groupsAt) / (3 * groupBytes)) * groupBytes;

/** Offsets count from the line's start, 0 means that there is no such field. */
export interface LineTemplate {
  readonly kind: TemplateKind;
  /** The line up to where its end is looked for; for `execTb` and `exit`, up to the digits that end it. */
  readonly beginning: string;
  /** Where hexadecimal digits stand. */
  readonly hexadecimal: readonly Field[];
  /** The program counter, or an exit's flags. */
  readonly digitsAt: number;
  /** 0: as many as there are. */
  readonly digits: number;
  /** The digit of CFLAGS that holds CF_NO_GOTO_TB. */
  readonly cflagsAt: number;
  /** Where the block's host address ends. */
  readonly keyEnd: number;
  /** Decimals of the time stamp's second. */
  readonly fractionAt: number;
  readonly fractionDigits: number;
}

type Field = readonly [start: number, end: number];

const stamp = String.raw`(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.(\d{6})Z |\d+@\d+\.(\d{6}):|\d+@\d{3,}(\d{9}) )?`;
const hex = (digits: string): string => `([0-9a-fA-F]{${digits}})`;
const [any, some] = [hex("1,16"), hex("3,16")];
const line = (event: string): RegExp => new RegExp(`^${stamp}${event}`, "d");
const execTb = line(String.raw`exec_tb(?:_nocache)? tb:0x${any} pc=(?:0x)?(?=[0-9a-fA-F])`);
const exit = line(String.raw`exec_tb_exit tb:0x${any} flags=(?:0x)?(?=[0-9a-fA-F])`);
/** Since 2.12; CFLAGS since 6.1. */
const trace = line(String.raw`(?:Trace|Chain) \d{1,4}: (?:0x)?${any} \[${any}/${any}/(?:0x)?${any}(?:/${some})?\]`);
/** To 2.11. */
const oldTrace = line(String.raw`(?:Trace|Chain) 0x${any} \[(?:\d{1,4}: )?()${any}\]`);
/** Groups of `stamp`. */
const stampFields = 3;

/** The template of a line of this kind, or null when such a line has none. */
export function learnTemplate(text: string, kind: TemplateKind): LineTemplate | null {
  const forms = { [templateKind.trace]: trace, [templateKind.execTb]: execTb, [templateKind.exit]: exit };
  const match = forms[kind].exec(text) ?? (kind === templateKind.trace ? oldTrace.exec(text) : null);
  if (match?.indices === undefined || match[0].length > longestTemplate) return null;
  const fields = (match.indices as (Field | undefined)[]).slice(1);
  const fraction = fields.slice(0, stampFields).find((field) => field !== undefined);
  const [host, base, programCounter, flags, cflags] = fields.slice(stampFields);
  if (host === undefined) return null;
  const common = {
    kind,
    beginning: match[0],
    fractionAt: fraction?.[0] ?? 0,
    fractionDigits: fraction === undefined ? 0 : fraction[1] - fraction[0],
  };
  if (kind !== templateKind.trace) {
    return { ...common, hexadecimal: [host], digitsAt: match[0].length, digits: 0, cflagsAt: 0, keyEnd: host[1] };
  }
  if (programCounter === undefined) return null;
  return {
    ...common,
    hexadecimal: [host, base, programCounter, flags, cflags].filter((field) => field !== undefined),
    digitsAt: programCounter[0],
    digits: programCounter[1] - programCounter[0],
    cflagsAt: cflags === undefined ? 0 : cflags[1] - 3,
    keyEnd: 0,
  };
}

/**
 * Writes a template as assembly/logLines.ts reads it.
 * @param slot of the rows that lines will make
 * @param seconds nanoseconds of the stamp without its decimals
 */
export function writeTemplate(view: DataView, at: number, template: LineTemplate, slot: number, seconds: number): void {
  const { kind, beginning, hexadecimal, digitsAt, digits, cflagsAt, keyEnd, fractionAt, fractionDigits } = template;
  const groups = Math.ceil(beginning.length / groupBytes);
  const { length } = beginning;
  const fields = [kind, groups, length, digitsAt, digits, cflagsAt, keyEnd, fractionAt, fractionDigits, slot];
  fields.forEach((value, index) => view.setUint32(at + 4 * index, value, true));
  view.setFloat64(at + 40, seconds, true);
  view.setFloat64(at + 48, 10 ** (9 - fractionDigits), true);
  for (let index = 0; index < groups * groupBytes; index++) {
    const group = at + groupsAt + 3 * groupBytes * Math.floor(index / groupBytes) + (index % groupBytes);
    const isHexadecimal = hexadecimal.some(([start, end]) => index >= start && index < end);
    const isFraction = index >= fractionAt && index < fractionAt + fractionDigits;
    const isFixed = index < length && !isHexadecimal && !isFraction;
    view.setUint8(group, isFixed ? beginning.charCodeAt(index) : 0);
    view.setUint8(group + groupBytes, isFixed ? 0xff : 0);
    view.setUint8(group + 2 * groupBytes, isHexadecimal ? 0xff : 0);
  }
}
