/**
 * Reads what QEMU's `-d int` logs: interrupts and exceptions, and how they end. The forms, from target/… of QEMU 1.0 to 11.1:
 *
 *   x86      %6d: v=0e e=0000 i=0 cpl=0 IP=0010:ffffffff8e04e246 pc=… SP=0000:… CR2=…    (… env->regs[R_EAX]=… of other vectors)
 *            Servicing hardware INT=0x20        check_exception old: 0xffffffff new 0xe        SMM: enter, SMM: after RSM
 *   arm      Taking exception 5 [IRQ] on CPU 0, and below it lines that begin with three points:
 *            ...from EL1 to EL1   ...with ESR 0x16/0x5a000000   ...with FAR 0x…   ...with ELR 0x…   ...to EL1 PC 0x… PSTATE 0x3c5
 *            Exception return from AArch64 EL1 to AArch64 EL0 PC 0x…        … from AArch32 irq to svc PC 0x…
 *   riscv    riscv_cpu_do_interrupt: hart:0, async:0, cause:2, epc:0x…, tval:0x…, desc=illegal_instruction
 */
import { ArgumentKind, type EventArgument, type EventValue } from "./eventDescriptor";
import type { EventKeeper, EventMoment } from "./eventKeeper";

/** An event while its lines are read. */
interface Pending {
  readonly name: string;
  readonly fields: Fields;
  /** What lines say that is no number. */
  readonly notes: string[];
  readonly moment: EventMoment;
  lines: number;
}

type Fields = Map<string, { readonly argument: EventArgument; readonly value: EventValue }>;

/** QEMU writes up to eight; a guest may write any number. */
const mostLines = 16;
/** QEMU 10.1 and newer put a stamp before each piece of a line that is written in pieces. */
const innerStamps = /(?<=.)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z ?/g;

const x86 =
  /^ *(?<count>\d{1,10}): v=(?<vector>[0-9a-f]{2}) e=(?<error>[0-9a-f]{4,8}) i=(?<software>[01]) cpl=(?<cpl>[0-3]) IP=(?<cs>[0-9a-f]{4}):(?<ip>[0-9a-f]{8,16}) pc=(?<pc>[0-9a-f]{8,16}) SP=(?<ss>[0-9a-f]{4}):(?<sp>[0-9a-f]{8,16})(?: CR2=(?<cr2>[0-9a-f]{8,16})| env->regs\[R_EAX\]=(?<rax>[0-9a-f]{8,16}))?$/;
const servicing = /^Servicing (?<virtual>virtual )?hardware INT=0x(?<vector>[0-9a-f]{2})$/;
const nested = /^check_exception old: 0x(?<old>[0-9a-f]{1,8}) new 0x(?<new>[0-9a-f]{1,8})$/;
const smm = /^SMM: (?<what>enter|after RSM)$/;
const taking = /^Taking exception (?<number>\d{1,3}) \[(?<reason>[^\]]{1,64})\] on CPU (?<cpu>\d{1,4})$/;
const leaving =
  /^(?<what>Exception return|AArch32 mode switch) from (?<from>\S{1,8}(?: \S{3})?) to (?<to>\S{1,8}(?: \S{3})?) PC 0x(?<pc>[0-9a-f]{1,16})$/;
const leavingProfileM = /^Exception return: magic PC (?<magic>[0-9a-f]{1,8}) previous exception (?<previous>\d{1,4})$/;
const riscv =
  /^riscv_cpu_do_interrupt: hart:(?<hart>\d{1,10}), async:(?<async>[01]), cause:(?<cause>[0-9a-f]{1,16}), epc:0x(?<epc>[0-9a-f]{1,16}), tval:0x(?<tval>[0-9a-f]{1,16})(?:, desc=(?<desc>.{0,64}))?$/;

/** What fields print as; all others are hexadecimal. */
const decimal = new Set(["count", "software", "cpl", "number", "cpu", "hart", "async", "previous", "from_el", "to_el"]);
const text = new Set(["reason", "from", "to", "desc", "note"]);

/** Each with the name of its event. */
const oneLine: readonly (readonly [pattern: RegExp, name: (groups: Groups) => string])[] = [
  [x86, () => "interrupt"],
  [servicing, (groups) => (groups["virtual"] === undefined ? "hardware_interrupt" : "virtual_interrupt")],
  [nested, () => "check_exception"],
  [smm, (groups) => (groups["what"] === "enter" ? "smm_enter" : "smm_leave")],
  [riscv, () => "riscv_cpu_do_interrupt"],
];
const firstLine: readonly (readonly [pattern: RegExp, name: (groups: Groups) => string])[] = [
  [taking, () => "exception"],
  [leaving, (groups) => (groups["what"] === "Exception return" ? "exception_return" : "mode_switch")],
  [leavingProfileM, () => "exception_return"],
];

type Groups = Readonly<Record<string, string | undefined>>;

/** Whether a line, without its stamp, is one that begins an event of `-d int`. */
export const isInterruptLine = (line: string): boolean =>
  [...oneLine, ...firstLine].some(([pattern]) => matchOf(pattern, line) !== null);

const matchOf = (pattern: RegExp, line: string): RegExpExecArray | null =>
  pattern.exec(line) ?? pattern.exec(line.replaceAll(innerStamps, ""));

/** First four bytes of lines that do not begin with a number: the quickest way to say no to all others. */
const beginnings = new Set(["Serv", "SMM:", "chec", "Taki", "Exce", "AArc", "risc"]);
const [space, point, colon] = [0x20, 0x2e, 0x3a];

/** Whether the line of `bytes` from `at` to `end` may be one of `-d int`. */
export function mayBeInterruptLine(bytes: Uint8Array, at: number, end: number): boolean {
  const first = bytes[at];
  if (end - at < 8) return false;
  if (first === point) return bytes[at + 1] === point && bytes[at + 2] === point;
  if (first === space || isDigit(first)) {
    while (bytes[at] === space) at++;
    while (isDigit(bytes[at])) at++;
    return bytes[at] === colon && bytes[at + 2] === 0x76 && bytes[at + 3] === 0x3d;
  }
  return beginnings.has(String.fromCharCode(first, bytes[at + 1], bytes[at + 2], bytes[at + 3]));
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

export class InterruptLines {
  private pending: Pending | null = null;

  constructor(private readonly keeper: EventKeeper) {}

  /**
   * Keeps the event that a line tells of, when its last line is known.
   * @param line without its stamp and its line end
   * @returns whether it is a line of `-d int`
   */
  take(line: string, moment: EventMoment): boolean {
    if (line.startsWith("...")) return this.takeMore(line.slice(3));
    for (const forms of [oneLine, firstLine]) {
      for (const [pattern, name] of forms) {
        const groups = matchOf(pattern, line)?.groups;
        if (groups === undefined) continue;
        this.finish();
        this.pending = { name: name(groups), fields: new Map(), notes: [], moment, lines: 1 };
        for (const [field, value] of Object.entries(groups as Groups)) {
          if (value !== undefined && field !== "what" && field !== "virtual") this.add(field, value);
        }
        if (forms === oneLine) this.finish();
        return true;
      }
    }
    return false;
  }

  /** Keeps the event whose lines are being read. */
  finish(): void {
    const { pending } = this;
    if (pending === null) return;
    this.pending = null;
    const { name, fields, notes, moment } = pending;
    if (notes.length > 0) addTo(fields, "note", notes.join("; "));
    const given = [...fields.values()];
    const form = [...fields.keys()].join(" ");
    this.keeper.keep(
      name,
      form,
      given.map(({ argument }) => argument),
      given.map(({ value }) => value),
      moment,
    );
  }

  /** A line below the first one, without its points. */
  private takeMore(line: string): boolean {
    const { pending } = this;
    if (pending === null || ++pending.lines > mostLines) return false;
    const levels = /^from EL(?<from>[0-3]) to EL(?<to>[0-3])$/.exec(line);
    const syndrome = /^with ESR 0x(?<class>[0-9a-f]{1,2})\/0x(?<esr>[0-9a-f]{1,16})$/.exec(line);
    const numbers = /^(?:with|to EL[0-3])((?: [A-Z]{2,6} 0x[0-9a-f]{1,16}){1,3})$/.exec(line);
    if (levels !== null) {
      this.add("from_el", levels[1]);
      this.add("to_el", levels[2]);
    } else if (syndrome !== null) {
      this.add("ec", syndrome[1]);
      this.add("esr", syndrome[2]);
    } else if (numbers !== null) {
      for (const [, name, value] of numbers[1].matchAll(/([A-Z]+) 0x([0-9a-f]+)/g)) this.add(name.toLowerCase(), value);
    } else pending.notes.push(line.slice(0, 200));
    return true;
  }

  private add(name: string, value: string): void {
    if (this.pending !== null) addTo(this.pending.fields, name, value);
  }
}

function addTo(fields: Fields, name: string, value: string): void {
  if (text.has(name)) {
    const argument = { name, kind: ArgumentKind.Text, hexadecimal: false, type: "const char *" };
    fields.set(name, { argument, value: Buffer.from(value, "latin1") });
    return;
  }
  const hexadecimal = !decimal.has(name);
  const argument = { name, kind: ArgumentKind.Unsigned, hexadecimal, type: "uint64_t" };
  fields.set(name, { argument, value: BigInt(hexadecimal ? `0x${value}` : value) });
}
