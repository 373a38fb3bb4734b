import type { TraceSummary } from "../protocol/engine";
import { durationFormat, formatCount, formatPercent } from "../protocol/format";
import { nanoseconds, type GuestAddress } from "../protocol/units";

export const printJson = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
};

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** An address as JSON and command lines have it. */
export const hex = (address: bigint | GuestAddress): string => `0x${address.toString(16)}`;

/** A time as JSON has it: whole nanoseconds, or null where the trace has no clock or it never happened. */
export const jsonTime = (time: number, clock: TraceSummary["clock"]): number | null =>
  clock === "host" && Number.isFinite(time) ? Math.round(time) : null;

/** A column of times, all in the unit that suits the largest; dashes where the trace has no clock. */
export function timeColumn(times: Float64Array, clock: TraceSummary["clock"]): string[] {
  const format = durationFormat(nanoseconds(times.reduce((largest, time) => Math.max(largest, time), 0)));
  return Array.from(times, (time) => (clock === "host" ? format(nanoseconds(time)) : "–"));
}

export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

/** Rows under their titles, each column as wide as its widest cell. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index].length)));
  const pad = (cell: string, index: number): string =>
    columns[index].align === "right" ? cell.padStart(widths[index]) : cell.padEnd(widths[index]);
  return lines.map((line) => line.map(pad).join("  ").trimEnd()).join("\n");
}

/** What every listing begins with: how far its numbers can be trusted, and what of it has names. */
export function trustLines(summary: TraceSummary): string {
  const { trust, executions, named } = summary;
  const share = executions > 0 ? named / executions : Number.NaN;
  const first = `${trust.level}${trust.truncated ? ", cut off" : ""}${trust.dropped > 0 ? `, ${formatCount(trust.dropped)} records dropped` : ""}`;
  const names = summary.symbols === null ? "no names" : `${formatPercent(share)} of executions have a name`;
  return [`${first}; ${names}`, ...trust.reasons.map((reason) => `  ${reason}`)].join("\n");
}
