/** Reads a view that was stored by this or another version of the page. What is not understood becomes the default. */
import type { FunctionColumn, Metric, TimeRange } from "../../src/protocol/engine";
import { pageTabs, type PageView } from "../../src/protocol/page";
import { nanoseconds } from "../../src/protocol/units";

const columns: readonly FunctionColumn[] = ["name", "executions", "instructions", "time", "first", "source"];
export const metrics: readonly Metric[] = ["instructions", "executions", "time"];

export const defaultView: PageView = {
  selection: { range: null, metric: "instructions", filter: "", eventFilter: "", tab: "functions" },
  sort: "instructions",
  descending: true,
  zoom: null,
  topRow: 0,
  focusedRow: 0,
  topEvent: 0,
  focusedEvent: 0,
  overviewAsTable: false,
  unnamedShown: false,
  inlined: false,
};

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;

const oneOf = <T extends string>(value: unknown, allowed: readonly T[], fallback: T): T =>
  allowed.find((candidate) => candidate === value) ?? fallback;

const count = (value: unknown): number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const flag = (value: unknown, fallback: boolean): boolean => (typeof value === "boolean" ? value : fallback);

function range(value: unknown): TimeRange | null {
  const start = field(value, "start");
  const end = field(value, "end");
  if (typeof start !== "number" || typeof end !== "number" || !(start >= 0 && start < end && end < Infinity))
    return null;
  return { start: nanoseconds(start), end: nanoseconds(end) };
}

export function restoreView(stored: unknown): PageView {
  const selection = field(stored, "selection");
  return {
    selection: {
      range: range(field(selection, "range")),
      metric: oneOf(field(selection, "metric"), metrics, defaultView.selection.metric),
      filter: text(field(selection, "filter")),
      eventFilter: text(field(selection, "eventFilter")),
      tab: oneOf(field(selection, "tab"), pageTabs, defaultView.selection.tab),
    },
    sort: oneOf(field(stored, "sort"), columns, defaultView.sort),
    descending: flag(field(stored, "descending"), defaultView.descending),
    zoom: range(field(stored, "zoom")),
    topRow: count(field(stored, "topRow")),
    focusedRow: count(field(stored, "focusedRow")),
    topEvent: count(field(stored, "topEvent")),
    focusedEvent: count(field(stored, "focusedEvent")),
    overviewAsTable: flag(field(stored, "overviewAsTable"), false),
    unnamedShown: flag(field(stored, "unnamedShown"), false),
    inlined: flag(field(stored, "inlined"), false),
  };
}
