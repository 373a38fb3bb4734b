/**
 * Lines of babeltrace (1 and 2) on a trace of QEMU's LTTng backend, with its usual options or `--clock-date`, `--clock-seconds`,
 * `--no-delta`, `--fields` and `--names`:
 *
 *   [12:00:00.123456789] (+0.000000123) host qemu:exec_tb: { cpu_id = 3 }, { vtid = 81 }, { tb = 0x7F3524000040, pc = 0xFFFFFFF0 }
 *   timestamp = 12:00:00.123456789, delta = +0.000000123, …, name = qemu:exec_tb, …, event.fields = { tb = 0x7F35…, pc = … }
 *
 * The last braces hold the event's arguments, those before it the contexts. `cpu_id` is a CPU of the host.
 */
import type { NamedField } from "../../events/namedFields";
import { unescapedBytes } from "../../events/pythonBytes";

export interface BabeltraceEvent {
  readonly name: string;
  /** On the clock of the text; NaN: it has none. */
  readonly second: number;
  readonly nanoseconds: number;
  /** From the context `vtid`; -1: it is not there. */
  readonly thread: number;
  readonly fields: readonly NamedField[];
}

const stamp = String.raw`(?:(?<date>\d{4}-\d\d-\d\d) )?(?:(?<hours>\d\d):(?<minutes>\d\d):)?(?<seconds>\d{1,10})\.(?<fraction>\d{9})`;
const usual = new RegExp(String.raw`^\[${stamp}\] .{0,400}?\bqemu:(?<name>\w{1,128}): (?<groups>\{.*\})$`, "m");
const named = new RegExp(
  String.raw`^timestamp = ${stamp},? .{0,400}?\bname = qemu:(?<name>\w{1,128})(?:,|:)? (?<groups>.*\})$`,
  "m",
);
const brace = /\{((?:"(?:[^"\\]|\\.)*"|[^{}"])*)\}/g;
const field = /(\w{1,128}) = (?:"((?:[^"\\]|\\.)*)"|(0x[0-9A-Fa-f]{1,16}|-?\d{1,20})|([^,{}"]{0,200}))(?=,| ?$)/g;

/** The first event in `text`, which may be of many lines; null: there is none. */
export function parseBabeltraceEvent(text: string): BabeltraceEvent | null {
  const found = (usual.exec(text) ?? named.exec(text))?.groups as Record<string, string | undefined> | undefined;
  if (found === undefined) return null;
  const { date, hours, minutes, seconds, fraction, name = "", groups = "" } = found;
  const day = date === undefined ? 0 : Date.parse(`${date}T00:00:00Z`) / 1000;
  const braces = [...groups.matchAll(brace)].map(([, inner]) => inner);
  const contexts = braces.slice(0, -1).join(",");
  const thread = /\bvtid = (\d{1,10})\b/.exec(contexts)?.[1];
  return {
    name,
    second: day + (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds),
    nanoseconds: Number(fraction),
    thread: thread === undefined ? -1 : Number(thread),
    fields: fieldsOf(braces.at(-1) ?? ""),
  };
}

function fieldsOf(text: string): NamedField[] {
  const fields: NamedField[] = [];
  for (const [, name, quoted, number, other = ""] of text.matchAll(field) as Iterable<(string | undefined)[]>) {
    const value = number === undefined ? unescapedBytes(quoted ?? other) : BigInt(number);
    fields.push({ name: name ?? "", value, hexadecimal: number?.startsWith("0x") ?? false });
  }
  return fields;
}
