/**
 * Keeps the events of QEMU's log text: a line is the event's name, a space, and its arguments as the format of its
 * trace-events line printed them (trace backend "log", before QEMU 2.6 "stderr").
 */
import { ArgumentKind, isWideType, type EventArgument, type EventValue } from "./eventDescriptor";
import type { EventDescription } from "./eventDescriptions";
import type { EventKeeper, EventMoment } from "./eventKeeper";
import { matchFormat, type Conversion } from "./printfFormat";

/** The longest name that is believed; QEMU's have up to 60 characters. */
const nameStart = /^\w{1,128}(?= |$)/;
export class LogEvents {
  constructor(
    private readonly keeper: EventKeeper,
    private readonly describe: (name: string) => EventDescription | undefined,
  ) {}

  /**
   * Keeps the event that a line tells of.
   * @param line without its prefix and its line end, a character per byte
   * @param certain the line has QEMU's prefix: then it is an event even if nothing describes it. Otherwise it may be anything.
   * @returns whether it is one
   */
  take(line: string, moment: EventMoment, certain: boolean): boolean {
    const name = nameStart.exec(line)?.[0];
    if (name === undefined) return false;
    const known = this.describe(name);
    if (known === undefined && !certain) return false;
    const text = line.slice(name.length + 1);
    const values = known === undefined ? null : printedValues(known, text);
    if (known !== undefined && values !== null) this.keeper.keep(name, "", known.arguments, values, moment);
    else this.keeper.keep(name, "text", textOnly, [Buffer.from(text, "latin1")], moment);
    return true;
  }
}

/** A line that is not of its event's format is kept as it is. */
const textOnly: readonly EventArgument[] = [{ name: "text", kind: ArgumentKind.Text, hexadecimal: false, type: "" }];

/** What a text says of each argument, or null when it is not of the event's format. */
function printedValues({ format, arguments: given }: EventDescription, text: string): EventValue[] | null {
  const texts = matchFormat(format, text);
  const conversions = format.filter((part) => typeof part !== "string");
  if (texts?.length !== given.length) return null;
  const values = given.map((argument, index) => valueOf(argument, conversions[index], texts[index]));
  return values.includes(null) ? null : values.filter((value) => value !== null);
}

function valueOf({ kind, type }: EventArgument, { letter }: Conversion, text: string): EventValue | null {
  if (kind === ArgumentKind.Text) return letter === "s" ? Buffer.from(text, "latin1") : null;
  if (letter === "s") return null;
  if (letter === "c") return BigInt(text.charCodeAt(0));
  const value = numberOf(letter, text);
  // A format may print fewer bits than the type has, or a sign that it has not: C's conversions are undone.
  const width = isWideType(type) ? 64 : 32;
  return kind === ArgumentKind.Signed ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
}

function numberOf(letter: string, text: string): bigint {
  if (text === "(nil)") return 0n;
  if (letter === "o") return BigInt(`0o${text}`);
  if (letter === "x" || letter === "X" || letter === "p") return BigInt(`0x${text.replace(/^0x/i, "")}`);
  return text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text.replace("+", ""));
}
