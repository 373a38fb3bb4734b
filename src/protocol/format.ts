/**
 * How numbers are written for people, in the page, in the source editor and in the CLI alike.
 *
 * Views show three significant digits with an SI prefix; hovers and copies show exact numbers. A value that is not a
 * finite number is written as a dash, so that "NaN" is never seen.
 */
import type { InlinedInto } from "./engine";
import type { Nanoseconds } from "./units";

const dash = "–";
const prefixes = ["", "k", "M", "G", "T", "P", "E"] as const;
/** Between digits of a whole number, where a separator of thousands stands. */
const thousands = /\B(?=(?:\d{3})+$)/g;

/** Three significant digits: 4.56, 45.6, 456. For values below 999.5. */
const threeDigits = (value: number): string => value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);

/** Scales by powers of 1000 so that the value, once rounded to three digits, is below 1000. */
function scaled(value: number): { digits: string; prefix: string } {
  let rest = value;
  let power = 0;
  while (rest >= 999.5 && power < prefixes.length - 1) {
    rest /= 1000;
    power++;
  }
  return { digits: threeDigits(rest), prefix: prefixes[power] };
}

/** A count with three significant digits: `0`, `428`, `18.2 k`, `12.3 M`, `1.32 G`. Below a thousand it is exact. */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return dash;
  if (value < 0) return `-${formatCount(-value)}`;
  if (value < 999.5) return value.toFixed(0);
  const { digits, prefix } = scaled(value);
  return `${digits} ${prefix}`;
}

/** A whole number in full, with thousands separators: `12,345,678`. */
export function formatExact(value: number | bigint): string {
  if (typeof value === "number" && !Number.isFinite(value)) return dash;
  // Not Intl.NumberFormat: loading its data takes 20 ms, a tenth of what short commands take.
  return (typeof value === "bigint" ? value.toString() : value.toFixed(0)).replace(thousands, ",");
}

/** A share (0 … 1) as a percentage with one decimal: `4.1 %`; what rounds to nothing but is not is `<0.1 %`. */
export function formatPercent(share: number): string {
  if (!Number.isFinite(share)) return dash;
  return share > 0 && share < 0.0005 ? "<0.1 %" : `${(share * 100).toFixed(1)} %`;
}

/** The share `part / whole` as `formatPercent` writes it; of nothing it is a dash. */
export const formatShare = (part: number, whole: number): string =>
  formatPercent(whole > 0 ? part / whole : Number.NaN);

/**
 * A moment since the start of the trace, in seconds: `1.243 s`.
 * `step` is the distance in nanoseconds that must stay visible: a zoomed axis gets µs (`1.243512 s`) or ns.
 */
export function formatTime(time: Nanoseconds, step = 1e6): string {
  if (!Number.isFinite(time)) return dash;
  return `${(time / 1e9).toFixed(step >= 1e6 ? 3 : step >= 1e3 ? 6 : 9)} s`;
}

/** A length of time, never negative, with three significant digits: `640 ns`, `12.3 ms`, `4.56 s`. */
export function formatDuration(duration: Nanoseconds): string {
  if (!Number.isFinite(duration)) return dash;
  const time = Math.max(0, duration);
  if (time < 999.5) return `${time.toFixed(0)} ns`;
  if (time < 999.5e3) return `${threeDigits(time / 1e3)} µs`;
  if (time < 999.5e6) return `${threeDigits(time / 1e6)} ms`;
  return time < 999.5e9 ? `${threeDigits(time / 1e9)} s` : `${formatExact(time / 1e9)} s`;
}

const durationUnits = [
  { name: "s", size: 1e9 },
  { name: "ms", size: 1e6 },
  { name: "µs", size: 1e3 },
  { name: "ns", size: 1 },
] as const;

/**
 * How the durations of one column are written: all in the unit that suits the largest, so that they can be compared at a glance.
 * Three significant digits, but no more than three decimals; what rounds to nothing but is not is `<0.001 s`.
 *
 * @param largest of the column
 */
export function durationFormat(largest: Nanoseconds): (duration: Nanoseconds) => string {
  const { name, size } = durationUnits.find((unit) => largest >= unit.size * 0.9995) ?? durationUnits[3];
  return (duration) => {
    if (!Number.isFinite(duration)) return dash;
    const value = Math.max(0, duration) / size;
    if (value === 0 || size === 1) return `${formatExact(value)} ${name}`;
    if (value < 0.0005) return `<0.001 ${name}`;
    if (value >= 999.5) return `${formatExact(value)} ${name}`;
    return `${value < 0.9995 ? value.toFixed(3) : threeDigits(value)} ${name}`;
  };
}

/** A moment by the trace's own clock: seconds, or the number of an execution where the trace has no clock. */
export const formatMoment = (time: Nanoseconds, clock: "host" | "events", step = 1e6): string =>
  clock === "host" ? formatTime(time, step) : `execution ${formatExact(time)}`;

/** A cost in time by the trace's own clock, with three significant digits; executions where the trace has no clock. */
export const formatCost = (time: Nanoseconds, clock: "host" | "events"): string =>
  clock === "host" ? formatDuration(time) : formatCount(time);

/** The same for a column of them, all in the unit that suits the largest. */
export const costFormat = (largest: Nanoseconds, clock: "host" | "events"): ((time: Nanoseconds) => string) =>
  clock === "host" ? durationFormat(largest) : formatCount;

/** What a function was inlined into: `inlined into f`, `inlined into f and 3 others`. */
export function formatInlinedInto({ functions, count }: InlinedInto): string {
  const others = count - 1;
  const rest = others === 0 ? "" : others === 1 ? " and 1 other" : ` and ${formatExact(others)} others`;
  return `inlined into ${functions.at(0) ?? ""}${rest}`;
}

/** Bytes with three significant digits and decimal prefixes: `512 B`, `76.3 MB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return dash;
  if (bytes < 999.5) return `${formatExact(bytes)} B`;
  const { digits, prefix } = scaled(bytes);
  return `${digits} ${prefix}B`;
}
