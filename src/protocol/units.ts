/**
 * Types that carry their unit, so that the compiler refuses a time where an address is meant.
 *
 * 64-bit quantities of the guest (addresses) are `bigint` at borders and `BigUint64Array` or 32-bit halves in columns.
 * Counts and times are doubles: they stay below 2^53 (104 days of nanoseconds), which every producer must check.
 */
declare const unit: unique symbol;
type Unit<Value, Name extends string> = Value & { readonly [unit]: Name };

/** A guest virtual address, or a physical one where a name says so. Unsigned 64 bits. */
export type GuestAddress = Unit<bigint, "GuestAddress">;
/** Nanoseconds since the start of the recording (host clock), or execution numbers where the trace has no clock. */
export type Nanoseconds = Unit<number, "Nanoseconds">;
/** How often a block, a line or a function was executed. */
export type Executions = Unit<number, "Executions">;
/** Guest instructions. */
export type Instructions = Unit<number, "Instructions">;
/** The number of a translated block in a trace: its position among the trace's block records. */
export type BlockNumber = Unit<number, "BlockNumber">;
/** A byte position in a file. */
export type FileOffset = Unit<number, "FileOffset">;

export const guestAddress = (value: bigint): GuestAddress => BigInt.asUintN(64, value) as GuestAddress;
export const nanoseconds = (value: number): Nanoseconds => value as Nanoseconds;
export const executions = (value: number): Executions => value as Executions;
export const instructions = (value: number): Instructions => value as Instructions;
export const blockNumber = (value: number): BlockNumber => value as BlockNumber;
export const fileOffset = (value: number): FileOffset => value as FileOffset;

/** Lower-case hexadecimal, sixteen digits, without a prefix: the field's usual form of an address. */
export const formatAddress = (address: GuestAddress): string => address.toString(16).padStart(16, "0");
