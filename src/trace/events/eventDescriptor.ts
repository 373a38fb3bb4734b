/** What is known of an event besides its records: its name and the arguments that each of them has. */

/** How an argument is stored and meant. The numbers are those of the file (docs/trace-format.md, "Events"). */
export enum ArgumentKind {
  Unsigned = 0,
  Signed = 1,
  Pointer = 2,
  Text = 3,
  /** All arguments of an event of which no description was found: as the source had them. */
  Bytes = 4,
}

export interface EventArgument {
  readonly name: string;
  readonly kind: ArgumentKind;
  /** The source prints this number in hexadecimal. */
  readonly hexadecimal: boolean;
  /** In C, e.g. `const char *`; empty: unknown. */
  readonly type: string;
}

export interface EventDescriptor {
  readonly name: string;
  readonly arguments: readonly EventArgument[];
}

/** A value of a record: 64 bits (negative only where the argument is signed), or bytes of a text or of undescribed arguments. */
export type EventValue = bigint | Uint8Array;

/** What the numbers beside the records of a source stand for. The numbers are those of the file. */
export enum ThreadKind {
  Process = 0,
  Thread = 1,
  Vcpu = 2,
}

export const undescribed = (name: string): EventDescriptor => ({
  name,
  arguments: [{ name: "arguments", kind: ArgumentKind.Bytes, hexadecimal: false, type: "" }],
});

export const isUndescribed = ({ arguments: given }: EventDescriptor): boolean =>
  given.length === 1 && given[0].kind === ArgumentKind.Bytes;

/** Records that QEMU says it lost, under the name that its own scripts give them. */
export const droppedEvent: EventDescriptor = {
  name: "Dropped_Event",
  arguments: [{ name: "num_events_dropped", kind: ArgumentKind.Unsigned, hexadecimal: false, type: "uint64_t" }],
};

/** Whether a type has 64 bits on the hosts that QEMU supports. */
export const isWideType = (type: string): boolean => /\*|64|long|size_t|ptr|hwaddr|off_t/.test(type);
