/**
 * What tracetool and the compiler demand of an event, by QEMU release.
 *
 * Source: scripts/tracetool/__init__.py and its history; each rule names the first release that enforces it.
 */
import { parseTraceLine, type Span, type TraceEventLine } from "./traceEvents";

/** A QEMU release, e.g. 7.2. */
export interface Release {
  readonly major: number;
  readonly minor: number;
}

/** Older than every rule that has a first release. */
export const oldest: Release = { major: 0, minor: 0 };

export interface Problem extends Span {
  /** A stable name of the rule. */
  readonly rule: string;
  /** "error": the build of this QEMU fails. "warning": other releases refuse it, or it is probably not meant. */
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly fix: string;
}

/** The release that the text of QEMU's VERSION file names, or null. */
export function parseRelease(text: string): Release | null {
  const match = /^\s*(\d{1,3})\.(\d{1,3})\b/.exec(text);
  return match === null ? null : { major: Number(match[1]), minor: Number(match[2]) };
}

const isFrom = (release: Release, major: number, minor: number): boolean =>
  release.major > major || (release.major === major && release.minor >= minor);

const maximumArguments = 10;
const allowedTypes = new Set(
  (
    "int long short char bool unsigned signed void size_t ssize_t uintptr_t ptrdiff_t const " +
    "int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t"
  ).split(" "),
);

/** Properties that were allowed once, and the first release that refuses them. */
const formerProperties: ReadonlyMap<string, readonly [major: number, minor: number]> = new Map([
  ["tcg", [7, 0]],
  ["vcpu", [10, 1]],
]);

type Found = Omit<Problem, "severity"> & { readonly since?: readonly [major: number, minor: number] };

function* propertyProblems({ properties }: TraceEventLine): Generator<Found> {
  for (const [index, word] of properties.entries()) {
    const { text } = word;
    const since = formerProperties.get(text);
    if (since !== undefined) {
      const [major, minor] = since;
      const message = `The property “${text}” was removed in QEMU ${major}.${minor}.`;
      yield { ...word, rule: "removed-property", message, fix: "Remove it.", since };
    } else if (text !== "disable") {
      const message = `“${text}” is no property of events.`;
      yield { ...word, rule: "unknown-property", message, fix: "The only one is “disable”." };
    } else if (properties.findIndex((other) => other.text === text) < index) {
      yield { ...word, rule: "repeated-property", message: "“disable” is there twice.", fix: "Remove one." };
    }
  }
}

function* argumentProblems({ arguments: list, argumentList }: TraceEventLine): Generator<Found> {
  const around = { start: argumentList.start - 1, end: argumentList.end + 1 };
  if (argumentList.text.trim() === "") {
    const message = "An event without arguments must say so.";
    yield { ...around, rule: "empty-arguments", message, fix: "Write (void).", since: [2, 12] };
  }
  if (list.length > maximumArguments) {
    const message = `The event has ${list.length} arguments; QEMU allows ${maximumArguments}.`;
    yield { ...around, rule: "too-many-arguments", message, fix: "Split the event in two.", since: [2, 10] };
  }
  for (const argument of list) {
    if (argument.name === "" || argument.type === "") {
      const message = "An argument needs a type and a name.";
      yield { ...widened(argument), rule: "incomplete-argument", message, fix: "Write for example “int count”." };
      continue;
    }
    const bad = argument.type.split(/[\s*]+/).find((word) => word !== "" && !allowedTypes.has(word));
    if (bad !== undefined) {
      const message = `The type “${bad}” is not allowed in events.`;
      const fix = "Use a standard C type, and “void *” for pointers to structures.";
      yield { ...argument, rule: "type", message, fix, since: [2, 12] };
    }
  }
}

/** A span that can be seen, also where the text between two commas is empty. */
const widened = ({ start, end }: Span): Span => ({ start, end: Math.max(end, start + 1) });

/** Conversions of a printf format, each with the `*` widths that take an argument of their own. */
function countConversions(format: string): number {
  let count = 0;
  for (let at = format.indexOf("%"); at >= 0; at = format.indexOf("%", at + 1)) {
    if (format[at + 1] === "%") {
      at++;
      continue;
    }
    count++;
    for (let flag = at + 1; flag < format.length && /[-+ #0-9.*]/.test(format[flag]); flag++) {
      if (format[flag] === "*") count++;
    }
  }
  return count;
}

function* formatProblems(event: TraceEventLine): Generator<Found> {
  const { format, tail, openQuote, properties } = event;
  if (openQuote !== null) {
    const at = { start: openQuote, end: tail.end };
    yield { ...at, rule: "open-quote", message: "The format is not closed.", fix: "Add a quote at its end." };
    return;
  }
  for (const [index, piece] of format.entries()) {
    const modifier = piece.text.indexOf("%m");
    if (modifier >= 0) {
      const at = { start: piece.start + modifier, end: piece.start + modifier + 2 };
      const message = "“%m” is not allowed: not every trace backend knows errno.";
      yield { ...at, rule: "errno", message, fix: "Pass strerror(errno) as a “const char *”.", since: [4, 0] };
    }
    const newline = piece.text.indexOf("\\n");
    if (newline >= 0) {
      const atEnd = index === format.length - 1 && newline === piece.text.length - 2;
      const at = { start: piece.start + newline, end: piece.start + newline + 2 };
      const message = "The format must not contain “\\n”: every event is a line already.";
      yield { ...at, rule: "newline", message, fix: "Remove “\\n”.", since: atEnd ? [4, 2] : [9, 1] };
    }
  }
  // Events of translated code (2.2 to 6.2) had two formats; what is a macro with conversions of its own cannot be counted.
  if (format.length === 0 || properties.some(({ text }) => text === "tcg") || tail.text.includes(",")) return;
  const conversions = countConversions(format.map(({ text }) => text).join("\u0000"));
  if (conversions !== event.arguments.length && !properties.some(({ text }) => text === "vcpu")) {
    const at = { start: format[0].start - 1, end: format[format.length - 1].end + 1 };
    const message = `The format shows ${conversions} of ${event.arguments.length} arguments.`;
    yield { ...at, rule: "format-arguments", message, fix: "Give every argument one conversion." };
  }
}

const severityOf = ({ rule, since }: Found, release: Release | null): Problem["severity"] | undefined => {
  if (rule === "format-arguments") return "warning";
  if (since === undefined) return "error";
  if (release === null) return "warning";
  return isFrom(release, since[0], since[1]) ? "error" : undefined;
};

/**
 * What is wrong with a line; empty for comments, blank lines and good events.
 *
 * @param release the QEMU that the file belongs to, or null when it is not known: then every release's rules are warnings
 */
export function problemsOfLine(text: string, release: Release | null): Problem[] {
  const line = parseTraceLine(text);
  if (line.kind === "malformed") {
    return [{ ...line.at, rule: "malformed", severity: "error", message: line.message, fix: line.fix }];
  }
  if (line.kind !== "event") return [];
  const problems: Problem[] = [];
  for (const found of [...propertyProblems(line), ...argumentProblems(line), ...formatProblems(line)]) {
    const severity = severityOf(found, release);
    if (severity === undefined) continue;
    const { start, end, rule, message, fix } = found;
    problems.push({ start, end, rule, severity, message, fix });
  }
  return problems;
}

/** Whether this release refuses a file whose last line has no line end. */
export const needsFinalNewline = (release: Release | null): Problem["severity"] | undefined =>
  release === null ? "warning" : isFrom(release, 4, 0) ? "error" : undefined;
