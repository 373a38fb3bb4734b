/**
 * The lines of QEMU's `trace-events` files.
 *
 * Source: docs/devel/tracing.rst and scripts/tracetool of QEMU 2.2 to 11.1. One event per line, no continuation:
 *
 *     [property …] name(type argument, … | void) ["format" | "a %"PRIx64" b"]
 *
 * Positions are UTF-16 columns of the line, so that editors can use them as they are. A line is read in one pass; a line that
 * is no event says what is wrong with it, and nothing throws.
 */

/** Columns of a line, half open. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Word extends Span {
  readonly text: string;
}

export interface EventArgument extends Span {
  /** As written, with its stars: `const char *`. Empty when there is only one word. */
  readonly type: string;
  readonly name: string;
}

export interface TraceEventLine {
  readonly kind: "event";
  readonly name: Word;
  readonly properties: readonly Word[];
  /** Between the parentheses. */
  readonly argumentList: Word;
  /** Empty for `(void)` and for `()`. */
  readonly arguments: readonly EventArgument[];
  /** The quoted pieces of the format, without their quotes, in order. Empty when the line has no format. */
  readonly format: readonly Word[];
  /** The macros and commas between and after the pieces, and anything else up to the end of the line. */
  readonly tail: Word;
  /** The column of a quote that nothing closes, or null. */
  readonly openQuote: number | null;
}

export type TraceLine =
  | { readonly kind: "blank" }
  | { readonly kind: "comment"; readonly text: string }
  | TraceEventLine
  | { readonly kind: "malformed"; readonly at: Span; readonly message: string; readonly fix: string };

/** Whether the line's event is compiled out. */
export const isDisabled = (event: TraceEventLine): boolean => event.properties.some(({ text }) => text === "disable");

const isWordCharacter = (character: string): boolean => /^\w$/.test(character);
const isSpace = (character: string): boolean => /^\s$/.test(character);

/** The maximal runs of characters without white space. */
function wordsOf(text: string, from: number): Word[] {
  return Array.from(text.matchAll(/\S+/g), (match) => ({
    text: match[0],
    start: from + match.index,
    end: from + match.index + match[0].length,
  }));
}

/** Type and name of each argument: cut after the last star, else at the last space. */
function parseArguments(list: Word): EventArgument[] {
  if (list.text.trim() === "" || list.text.trim() === "void") return [];
  let start = list.start;
  return list.text.split(",").map((piece) => {
    const span = { start: start + (piece.length - piece.trimStart().length), end: start + piece.trimEnd().length };
    start += piece.length + 1;
    const text = piece.trim();
    const star = text.lastIndexOf("*");
    const cut = star >= 0 ? star + 1 : text.search(/\s\S*$/);
    if (cut < 0) return { ...span, type: "", name: text };
    return { ...span, type: text.slice(0, cut).trim(), name: text.slice(cut).trim() };
  });
}

/** The quoted pieces after the argument list. A backslash keeps the character behind it from ending a piece. */
function parseFormat(text: string, from: number): Pick<TraceEventLine, "format" | "tail" | "openQuote"> {
  const format: Word[] = [];
  let tail = "";
  let at = from;
  while (at < text.length) {
    if (text[at] !== '"') {
      tail += text[at++];
      continue;
    }
    const start = at + 1;
    let end = start;
    while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
    end = Math.min(end, text.length);
    format.push({ text: text.slice(start, end), start, end });
    if (end === text.length) return { format, tail: { text: tail, start: from, end }, openQuote: at };
    at = end + 1;
  }
  return { format, tail: { text: tail, start: from, end: text.length }, openQuote: null };
}

const malformed = (start: number, end: number, message: string, fix: string): TraceLine => ({
  kind: "malformed",
  at: { start, end: Math.max(end, start + 1) },
  message,
  fix,
});

/** Reads one line, without its line end. */
export function parseTraceLine(text: string): TraceLine {
  const body = text.trim();
  if (body === "") return { kind: "blank" };
  if (body.startsWith("#")) return { kind: "comment", text: body.slice(1).trim() };
  const example = 'Write it as name(type argument) "format".';
  const open = text.indexOf("(");
  if (open < 0) return malformed(0, text.length, "This line is neither an event nor a comment.", example);
  let nameStart = open;
  while (nameStart > 0 && isWordCharacter(text[nameStart - 1])) nameStart--;
  if (nameStart === open) {
    return open > 0 && isSpace(text[open - 1])
      ? malformed(
          open - 1,
          open,
          "A space separates the event's name from its arguments.",
          "Remove the space before “(”.",
        )
      : malformed(open, open + 1, "The event has no name before “(”.", example);
  }
  const close = text.indexOf(")", open);
  if (close < 0) {
    return malformed(open, text.length, "The argument list is not closed.", "Add “)” after the last argument.");
  }
  if (isSpace(text[0])) {
    return malformed(
      0,
      text.search(/\S/),
      "The event does not begin in the first column.",
      "Remove the leading space.",
    );
  }
  const properties = wordsOf(text.slice(0, nameStart), 0);
  const strange = properties.find((word) => /\W/.test(word.text));
  const glued = nameStart > 0 && !isSpace(text[nameStart - 1]);
  if (strange !== undefined || glued) {
    const word = strange ?? properties[properties.length - 1];
    return malformed(word.start, word.end, `“${word.text}” cannot be part of an event's name.`, example);
  }
  const argumentList = { text: text.slice(open + 1, close), start: open + 1, end: close };
  return {
    kind: "event",
    name: { text: text.slice(nameStart, open), start: nameStart, end: open },
    properties,
    argumentList,
    arguments: parseArguments(argumentList),
    ...parseFormat(text, close + 1),
  };
}

/** The source file that a comment such as `# hw/block/virtio-blk.c` announces, or undefined. */
export const sectionOf = (comment: string): string | undefined =>
  /^[\w./+-]{1,200}\.[A-Za-z]\w{0,9}$/.test(comment) ? comment : undefined;
