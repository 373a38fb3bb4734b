/**
 * The filter of lists of events. Words, all of which must hold:
 *
 *     word             the name contains it, or the text of an argument does; `*` and `?` match the whole name
 *     name:word        as above, names only
 *     name:=word       the event of exactly this name
 *     argument=value   also != < <= > >= for numbers, decimal or 0x…; ~ for "contains"
 */
import { matchesGlob } from "../../protocol/glob";
import type { EventDescriptor } from "./eventDescriptor";
import { valueText, type NamedValue } from "./eventText";

export interface EventFilter {
  /** Nothing is filtered out. */
  readonly isEmpty: boolean;
  /** Whether records of an event can match. */
  matchesName(descriptor: EventDescriptor): boolean;
  /** Whether a record of an event that can match does. Null: its arguments do not matter. */
  readonly matchesArguments: ((descriptor: EventDescriptor, values: readonly NamedValue[]) => boolean) | null;
}

type Comparison = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~";
type Term =
  | { readonly kind: "name"; readonly matches: (name: string) => boolean }
  | { readonly kind: "word"; readonly word: string; readonly matches: (name: string) => boolean }
  | { readonly kind: "argument"; readonly name: string; readonly comparison: Comparison; readonly value: string };

/** @param text what was typed; every text is a filter */
export function parseEventFilter(text: string): EventFilter {
  const terms = (text.match(/\S+/g) ?? []).map(parseTerm);
  const named = terms.filter((term) => term.kind === "name");
  const words = terms.filter((term) => term.kind === "word");
  const compared = terms.filter((term) => term.kind === "argument");
  return {
    isEmpty: terms.length === 0,
    matchesName: ({ name, arguments: given }) =>
      named.every(({ matches }) => matches(name)) &&
      compared.every((term) => given.length === 0 || hasArgument(given, term.name)),
    matchesArguments:
      words.length + compared.length === 0
        ? null
        : ({ name }, values) =>
            words.every(({ word, matches }) => matches(name) || values.some((value) => contains(value, word))) &&
            compared.every((term) => values.some((value) => value.name === term.name && compares(value, term))),
  };
}

/** Whether a name is meant by a word: one that contains it, or that a pattern with `*` or `?` matches as a whole. */
function nameMatcher(pattern: string): (name: string) => boolean {
  if (!/[*?]/.test(pattern)) {
    const wanted = pattern.toLowerCase();
    return (name) => name.toLowerCase().includes(wanted);
  }
  return globMatcher(pattern);
}

/** Whether a name matches a pattern as a whole, as `matchesGlob`, capital letters or not. */
export function globMatcher(pattern: string): (name: string) => boolean {
  const wanted = pattern.toLowerCase();
  return (name) => matchesGlob(wanted, name.toLowerCase());
}

function parseTerm(text: string): Term {
  if (text.startsWith("name:=")) {
    const wanted = text.slice(6);
    return { kind: "name", matches: (name) => name === wanted };
  }
  if (text.startsWith("name:")) return { kind: "name", matches: nameMatcher(text.slice(5)) };
  const match = /^(\w+)(!=|<=|>=|=|<|>|~)(.*)$/s.exec(text);
  if (match === null) {
    if (/[*?]/.test(text)) return { kind: "name", matches: nameMatcher(text) };
    return { kind: "word", word: text.toLowerCase(), matches: nameMatcher(text) };
  }
  const [, name, comparison, value] = match;
  return { kind: "argument", name, comparison: comparison as Comparison, value };
}

/** Words of events without a description have names of ours. */
const hasArgument = (given: EventDescriptor["arguments"], name: string): boolean =>
  given.some((argument) => argument.name === name) || (given.length === 1 && /^(arg\d+|data)$/.test(name));

const contains = (value: NamedValue, word: string): boolean =>
  `${value.name}=${valueText(value)}`.toLowerCase().includes(word);

function compares(given: NamedValue, { comparison, value }: Extract<Term, { kind: "argument" }>): boolean {
  const text = valueText(given);
  if (comparison === "~") return text.toLowerCase().includes(value.toLowerCase());
  const [left, right] = [given.value, typeof given.value === "bigint" ? integerOf(value) : value];
  if (right === null) return comparison === "!=";
  switch (comparison) {
    case "=":
      return left === right;
    case "!=":
      return left !== right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
  }
}

function integerOf(text: string): bigint | null {
  const match = /^(-?)(0x[0-9a-f]{1,16}|\d{1,20})$/i.exec(text);
  if (match === null) return null;
  const value = BigInt(match[2]);
  return match[1] === "-" ? -value : value;
}
