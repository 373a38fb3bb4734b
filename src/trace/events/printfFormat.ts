/** The printf formats of `trace-events` files: cut into texts and conversions, and matched with what they printed. */

export interface Conversion {
  /** The letter: d i u x X o c s p. */
  readonly letter: string;
  /** Digits or characters that the conversion prints at least, and the flag that left-aligns them. */
  readonly width: number;
  readonly left: boolean;
  /** `#`: QEMU prints 0x itself. */
  readonly alternate: boolean;
}

export type FormatPart = string | Conversion;

/** The last letters of macros such as PRIx64; the others of <inttypes.h> and QEMU's own end the same way. */
const macroLetter =
  /^(?:PRI([diouxX])(?:8|16|32|64|PTR|MAX)?|(?:HWADDR|RAM_ADDR|TARGET_FMT)_PRI?([diouxX])?|(?:TARGET_FMT)_([ludx]+))$/;
const conversionPattern = /%([-+ #0']*)(\*|\d*)(?:\.(?:\*|\d*))?(?:hh|h|ll|l|j|z|t|L|q)?([diouxXcsp%])/y;
const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", '"': '"', "\\": "\\", r: "\r" };

/**
 * The parts of a format.
 * @param quoted C source after the argument list: quoted pieces with macros between them, e.g. `"at 0x%"PRIx64" len %d"`
 */
export function parseFormat(quoted: string): FormatPart[] {
  const text = joinPieces(quoted);
  const parts: FormatPart[] = [];
  let literal = "";
  for (let at = 0; at < text.length;) {
    conversionPattern.lastIndex = at;
    const match = text[at] === "%" ? conversionPattern.exec(text) : null;
    if (match === null) {
      literal += text[at++];
      continue;
    }
    at = conversionPattern.lastIndex;
    const [, flags, width, letter] = match;
    if (letter === "%") {
      literal += "%";
      continue;
    }
    if (literal !== "") parts.push(literal);
    literal = "";
    parts.push({ letter, width: Number(width) || 0, left: flags.includes("-"), alternate: flags.includes("#") });
  }
  if (literal !== "") parts.push(literal);
  return parts;
}

export const isHexadecimal = ({ letter }: Conversion): boolean => letter === "x" || letter === "X" || letter === "p";

/** One text of all pieces, with each macro as the letter that it stands for. */
function joinPieces(quoted: string): string {
  let text = "";
  for (const { groups } of quoted.matchAll(/"(?<piece>(?:[^"\\]|\\.)*)"?|(?<macro>\w+)/g)) {
    const macro: string | undefined = groups?.["macro"];
    const piece = groups?.["piece"] ?? "";
    if (macro !== undefined) {
      const found = macroLetter.exec(macro);
      text += found?.[1] ?? found?.[2] ?? found?.[3]?.at(-1) ?? (macro.endsWith("x") ? "x" : "d");
    } else text += piece.replace(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
  }
  return text;
}

const printed: Readonly<Record<string, RegExp>> = {
  d: /[-+]?\d+/y,
  i: /[-+]?\d+/y,
  u: /\d+/y,
  o: /[0-7]+/y,
  x: /(?:0x)?[0-9a-f]+/iy,
  X: /(?:0x)?[0-9a-f]+/iy,
  // glibc prints NULL so.
  p: /\(nil\)|(?:0x)?[0-9a-f]+/iy,
  c: /[^]/y,
};

/**
 * Reads back what a format printed, in one pass: what each conversion printed, or null when the text is not of this format.
 * A text argument ends where the first of what follows it stands, so one that contains that is not read right: then mostly
 * nothing else fits, and the answer is null.
 */
export function matchFormat(format: readonly FormatPart[], text: string): string[] | null {
  const values: string[] = [];
  let at = 0;
  for (let index = 0; index < format.length; index++) {
    const part = format[index];
    if (typeof part === "string") {
      if (!text.startsWith(part, at)) return null;
      at += part.length;
      continue;
    }
    const end = part.letter === "s" ? endOfText(format.slice(index + 1), text, at) : endOfNumber(part, text, at);
    if (end < 0) return null;
    values.push(part.letter === "c" || part.letter === "s" ? text.slice(at, end) : text.slice(at, end).trim());
    at = end;
  }
  return at === text.length ? values : null;
}

function endOfText(rest: readonly FormatPart[], text: string, at: number): number {
  const next = rest.at(0);
  if (next === undefined) return text.length;
  if (typeof next !== "string") return -1;
  return rest.length === 1 && text.endsWith(next) ? text.length - next.length : text.indexOf(next, at);
}

/** Widths pad with spaces, on the left or on the right. */
function endOfNumber({ letter, left, width }: Conversion, text: string, at: number): number {
  const pattern = printed[letter];
  pattern.lastIndex = at;
  if (letter !== "c") while (text[pattern.lastIndex] === " " && pattern.lastIndex < at + width) pattern.lastIndex++;
  if (!pattern.test(text)) return -1;
  let end = pattern.lastIndex;
  while (left && text[end] === " " && end < at + width) end++;
  return end;
}
