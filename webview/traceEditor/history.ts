/** The selections a person went through, for Alt+Left and Alt+Right. */
import type { PageSelection } from "../../src/protocol/page";

export interface History {
  readonly past: readonly PageSelection[];
  readonly present: PageSelection;
  readonly future: readonly PageSelection[];
  /** When the present came to be (ms), and which part of it changed: typing into the filter is one step, not one per key. */
  readonly changed: { readonly at: number; readonly part: string };
}

const longest = 100;
/** Changes of the same part within this time are one step. */
const togetherMs = 1500;

export const startHistory = (present: PageSelection): History => ({
  past: [],
  present,
  future: [],
  changed: { at: Number.NEGATIVE_INFINITY, part: "" },
});

const sameRange = (a: PageSelection["range"], b: PageSelection["range"]): boolean =>
  a === b || (a !== null && b !== null && a.start === b.start && a.end === b.end);

/** The parts in which two selections differ, as one text; empty when they are the same. */
function difference(a: PageSelection, b: PageSelection): string {
  const parts: string[] = [];
  if (!sameRange(a.range, b.range)) parts.push("range");
  if (a.metric !== b.metric) parts.push("metric");
  if (a.filter !== b.filter) parts.push("filter");
  if (a.eventFilter !== b.eventFilter) parts.push("eventFilter");
  if (a.tab !== b.tab) parts.push("tab");
  return parts.join(" ");
}

/** Goes to a new selection at a time `at` (ms). */
export function goTo(history: History, next: PageSelection, at: number): History {
  const part = difference(history.present, next);
  if (part === "") return history;
  const together = part === history.changed.part && at - history.changed.at < togetherMs;
  const past = together ? history.past : [...history.past, history.present].slice(-longest);
  return { past, present: next, future: [], changed: { at, part } };
}

export function goBack(history: History): History {
  const previous = history.past.at(-1);
  if (previous === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    present: previous,
    future: [history.present, ...history.future],
    changed: startHistory(previous).changed,
  };
}

export function goForward(history: History): History {
  const [next, ...future] = history.future;
  if (history.future.length === 0) return history;
  return { past: [...history.past, history.present], present: next, future, changed: startHistory(next).changed };
}
