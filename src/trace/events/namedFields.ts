/** Keeps events whose arguments a text gives by name, as babeltrace and QEMU's simpletrace.py print them. */
import { ArgumentKind, isWideType, type EventArgument, type EventDescriptor, type EventValue } from "./eventDescriptor";
import type { EventKeeper, EventMoment } from "./eventKeeper";

/** An argument as a text shows it. */
export interface NamedField {
  readonly name: string;
  /** A number in decimal or, with `0x`, in hexadecimal, or a text. */
  readonly value: bigint | Uint8Array;
  readonly hexadecimal: boolean;
}

/** @param known what describes the event; its types are used if the arguments are the same */
export function keepFields(
  keeper: EventKeeper,
  name: string,
  fields: readonly NamedField[],
  known: EventDescriptor | undefined,
  moment: EventMoment,
): void {
  const typed = known !== undefined && isOf(known, fields) ? known.arguments : null;
  const given = typed ?? fields.map(untyped);
  const values = fields.map(({ value }, index): EventValue =>
    typed === null ? value : typedValue(value, typed[index]),
  );
  const form = typed === null ? given.map((argument) => `${argument.name}:${argument.kind}`).join(" ") : "";
  keeper.keep(name, form, given, values, moment);
}

const isText = ({ value }: NamedField): boolean => typeof value !== "bigint";

const isOf = ({ arguments: given }: EventDescriptor, fields: readonly NamedField[]): boolean =>
  given.length === fields.length &&
  given.every(({ name, kind }, index) => {
    const field = fields[index];
    return name === field.name && isText(field) === (kind === ArgumentKind.Text);
  });

const untyped = (field: NamedField): EventArgument => ({
  name: field.name,
  kind: isText(field)
    ? ArgumentKind.Text
    : typeof field.value === "bigint" && field.value < 0n
      ? ArgumentKind.Signed
      : ArgumentKind.Unsigned,
  hexadecimal: field.hexadecimal,
  type: "",
});

/** Numbers may have been printed with fewer or more bits than they have. */
function typedValue(value: EventValue, { kind, type }: EventArgument): EventValue {
  if (typeof value !== "bigint") return value;
  const width = isWideType(type) ? 64 : 32;
  return kind === ArgumentKind.Signed ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
}
