/**
 * Event lists for QEMU's `-trace events=FILE`: one name or pattern per line.
 *
 * Source: trace_init_events of QEMU 1.0 to 11.1. A `#` in the first column begins a comment, a `-` switches the event off,
 * `*` (and, where there is one, `?`) makes a pattern. QEMU trims nothing and chops the last character of every line, whatever
 * it is: a last line without its line end loses a letter, and a carriage return or a space becomes part of the name.
 */
import { matchesGlob } from "../protocol/glob";
import type { Problem } from "./traceEventRules";

export interface ListEntry {
  /** Without the `-` in front. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly off: boolean;
}

/** QEMU reads lines of at most this many bytes. */
const maximumLine = 1023;

/** What a line asks for, or undefined for comments and blank lines. */
export function parseListLine(text: string): ListEntry | undefined {
  const name = text.trim();
  if (name === "" || text.startsWith("#")) return undefined;
  const off = name.startsWith("-");
  const start = text.length - text.trimStart().length + (off ? 1 : 0);
  const bare = off ? name.slice(1) : name;
  return { name: bare, start, end: start + bare.length, off };
}

const isPattern = (name: string): boolean => name.includes("*");

/** The events that the running QEMU knows, and those of them that are compiled out. */
export interface EventNames {
  readonly all: ReadonlySet<string>;
  readonly compiledOut: ReadonlySet<string>;
}

function nameProblem({ name, start, end }: ListEntry, { all, compiledOut }: EventNames): Problem | undefined {
  if (isPattern(name)) {
    if ([...all].some((event) => matchesGlob(name, event))) return undefined;
    const message = "No event of the QEMU found has a name like this.";
    return { start, end, rule: "no-match", severity: "warning", message, fix: "Look at “qemu-system-… -trace help”." };
  }
  if (compiledOut.has(name)) {
    const message = `“${name}” is compiled out of the QEMU found.`;
    const fix = "Remove “disable” from its line in trace-events and rebuild QEMU.";
    return { start, end, rule: "compiled-out", severity: "warning", message, fix };
  }
  if (all.has(name)) return undefined;
  const message = `The QEMU found has no event “${name}”.`;
  return { start, end, rule: "unknown-event", severity: "warning", message, fix: "Check the spelling." };
}

/**
 * What is wrong with a line.
 *
 * @param known the events of the QEMU that will read the list, or undefined when it could not be asked
 */
export function problemsOfListLine(text: string, known: EventNames | undefined): Problem[] {
  const entry = parseListLine(text);
  if (entry === undefined) return [];
  const problems: Problem[] = [];
  const leading = text.length - text.trimStart().length;
  const end = text.trimEnd().length;
  if (leading > 0 || end < text.length) {
    const at = leading > 0 ? { start: 0, end: leading } : { start: end, end: text.length };
    const message = "QEMU takes this space for a part of the name.";
    problems.push({ ...at, rule: "space", severity: "error", message, fix: "Remove it." });
  }
  if (text.length > maximumLine) {
    const message = `QEMU reads at most ${maximumLine} characters of a line.`;
    problems.push({
      start: maximumLine,
      end: text.length,
      rule: "too-long",
      severity: "error",
      message,
      fix: "Shorten it.",
    });
    return problems;
  }
  const problem = known === undefined ? undefined : nameProblem(entry, known);
  if (problem !== undefined) problems.push(problem);
  return problems;
}

/** Names that the list switches on, patterns included, in their order and without repetition. */
export function enabledNames(text: string): string[] {
  const names = new Set<string>();
  for (const line of text.split(/\r?\n/)) {
    const entry = parseListLine(line);
    if (entry === undefined) continue;
    if (entry.off) names.delete(entry.name);
    else names.add(entry.name);
  }
  return [...names];
}

/**
 * The list with some events on and others no longer mentioned. Comments and the order of the rest stay; the result is what
 * QEMU reads without surprises: LF, a final line end, no spaces around names.
 */
export function changeList(text: string, add: Iterable<string>, remove: Iterable<string>): string {
  const adding = new Set(add);
  const dropped = new Set([...remove, ...adding]);
  const on = new Set(enabledNames(text));
  const lines: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const entry = parseListLine(line);
    const keep = entry === undefined || !dropped.has(entry.name) || (adding.has(entry.name) && on.has(entry.name));
    if (keep) lines.push(entry === undefined ? line.trimEnd() : line.trim());
  }
  while (lines.at(-1) === "") lines.pop();
  lines.push(...[...adding].filter((name) => !on.has(name)));
  return lines.map((line) => `${line}\n`).join("");
}
