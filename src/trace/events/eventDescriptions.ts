/**
 * What QEMU's `trace-events` files say of events: order, arguments, formats.
 *
 * Source: scripts/tracetool of QEMU 0.14 to 11.1. An event with `tcg` (2.2 to 6.2) is two at run time, `NAME_trans` and
 * `NAME_exec`, with a format each; one with `vcpu` (2.6 to 8.0) has the vCPU's address as its
 * first argument, which its format prints as `cpu=%p ` before all others.
 */
import { isDisabled, parseTraceLine, type EventArgument as DeclaredArgument } from "../../qemu/traceEvents";
import { ArgumentKind, type EventArgument, type EventDescriptor } from "./eventDescriptor";
import { isHexadecimal, parseFormat, type FormatPart } from "./printfFormat";

export interface EventDescription extends EventDescriptor {
  /** How log lines show the arguments. */
  readonly format: readonly FormatPart[];
}

/** An event as a line of the file declares it. */
export interface DeclaredEvent {
  readonly disabled: boolean;
  readonly tcg: boolean;
  /** What it is at run time: one description, or two with `tcg`. */
  readonly descriptions: readonly EventDescription[];
}

const signedTypes = /^(?:signed|s?size_t|ssize_t|ptrdiff_t|int|long|short|char|int(?:8|16|32|64)_t|off_t|hwaddr_t)\b/;
const unsignedTypes = /^(?:unsigned|uint|size_t\b|bool\b|hwaddr\b|uintptr_t\b)/;

/** The events of a file, in its order; lines that are none are left out. */
export function parseEventDescriptions(text: string): DeclaredEvent[] {
  const events: DeclaredEvent[] = [];
  for (const line of text.split("\n")) {
    // QEMU 1.x took spaces where later ones do not.
    const normal = line.trim().replace(/^((?:\w+\s+)*\w+)\s+\(/, "$1(");
    const event = parseTraceLine(normal);
    if (event.kind !== "event") continue;
    const has = (property: string): boolean => event.properties.some((word) => word.text === property);
    const declared = [...(has("vcpu") ? [implicitVcpu] : []), ...event.arguments];
    const rest = normal.slice(event.argumentList.end + 1);
    const tcg = has("tcg");
    const descriptions = tcg
      ? describeBoth(event.name.text, declared, rest)
      : [describe(event.name.text, declared, rest)];
    events.push({ disabled: isDisabled(event), tcg, descriptions });
  }
  return events;
}

/** What `vcpu` adds; the format prints it first. */
const implicitVcpu = { type: "void *", name: "__cpu" };

type Declared = Pick<DeclaredArgument, "type" | "name">;

/** What an event with `tcg` is when a block is translated, and when it is executed. */
function describeBoth(name: string, declared: readonly Declared[], formats: string): EventDescription[] {
  const [transFormat, execFormat = ""] = formats.split(/",\s*"/);
  // At translation, the values of guest registers are not known yet.
  const known = declared.filter(({ type }) => !type.startsWith("TCGv"));
  return [describe(`${name}_trans`, known, transFormat), describe(`${name}_exec`, declared, `"${execFormat}`)];
}

function describe(name: string, declared: readonly Declared[], quoted: string): EventDescription {
  const implicit = declared.at(0)?.name === implicitVcpu.name;
  const format = parseFormat(implicit ? `"cpu=%p "${quoted.trimStart()}` : quoted);
  const conversions = format.flatMap((part) => (typeof part === "string" ? [] : [part]));
  const given = declared.map((argument, index): EventArgument => {
    const kind = kindOf(argument.type);
    const conversion = conversions.at(index);
    const hexadecimal = kind === ArgumentKind.Pointer || (conversion !== undefined && isHexadecimal(conversion));
    return { name: argument.name, kind, hexadecimal, type: argument.type };
  });
  return { name, arguments: given, format };
}

/** As QEMU stores it: texts are `char *`, everything else is a number of 64 bits. */
export function kindOf(type: string): ArgumentKind {
  const bare = type.replace(/\bconst\b|\bstruct\b/g, "").trim();
  if (type.includes("*")) return /^char\s*\*$/.test(bare) ? ArgumentKind.Text : ArgumentKind.Pointer;
  if (unsignedTypes.test(bare)) return ArgumentKind.Unsigned;
  return signedTypes.test(bare) ? ArgumentKind.Signed : ArgumentKind.Unsigned;
}

/** Events of block execution, as QEMU 2.2 to 11.1 have them. */
export const executionEvents: readonly EventDescription[] = parseEventDescriptions(`
exec_tb(void *tb, uintptr_t pc) "tb:%p pc=0x%"PRIxPTR
exec_tb_nocache(void *tb, uintptr_t pc) "tb:%p pc=0x%"PRIxPTR
exec_tb_exit(void *last_tb, unsigned int flags) "tb:%p flags=0x%x"
translate_block(void *tb, uintptr_t pc, const void *tb_code) "tb:%p, pc:0x%"PRIxPTR", tb_code:%p"
`).flatMap(({ descriptions }) => descriptions);
