/**
 * Names for addresses: what an ELF image with symbols and a line table can answer.
 *
 * Lookups by the hundred thousand go through columns (`lookup…Many`), so that no object is made per address.
 */
import type { GuestAddress } from "../protocol/units";

/** A position in `ImageSymbols.functions`; -1 stands for none. */
export type FunctionIndex = number & { readonly functionIndex: unique symbol };

/** Functions sorted by address, as columns. */
export interface FunctionTable {
  readonly count: number;
  /** Start, unsigned 64 bits. */
  readonly address: BigUint64Array;
  readonly size: Uint32Array;
  /** The function that a piece or copy (`f.cold`, `f.isra.0`) was made of, else the function itself. Totals are kept for it. */
  readonly parent: Int32Array;
  /** As the symbol table has it. */
  name(index: FunctionIndex): string;
  /** Without what compilers append for pieces, copies and link-time optimisation. */
  sourceName(index: FunctionIndex): string;
}

/** A PT_LOAD segment: where the image is linked and where it is loaded. */
export interface LoadSegment {
  readonly virtualAddress: GuestAddress;
  readonly physicalAddress: GuestAddress;
  readonly memorySize: bigint;
  readonly executable: boolean;
}

/** The answer of a line lookup by columns: file and line per address. */
export interface LineColumns {
  /** Index into `LineTable.files`, or -1. */
  readonly file: Int32Array;
  /** 1-based line, or 0. */
  readonly line: Uint32Array;
}

export interface LineTable {
  /** Paths as the debug information has them, joined with their directory, without `./` and `..`. */
  readonly files: readonly string[];
  lookupMany(addresses: BigUint64Array): LineColumns;
  /** As `lookupMany`, for the first addresses of functions: where the function is written, not what was inlined at its beginning. */
  entriesMany(addresses: BigUint64Array): LineColumns;
}

/** The chains of inlined calls at addresses, as columns. */
export interface InlineFrames {
  /** Frames of address i: from `first[i]` up to, not including, `first[i + 1]`; the innermost first. At least one each. */
  readonly first: Uint32Array;
  /** The function: index into `names`, or -1. */
  readonly name: Int32Array;
  /** Index into `files`, or -1. */
  readonly file: Int32Array;
  /** 1-based line, or 0: of the address in the innermost frame, of the inlined call in the others. */
  readonly line: Uint32Array;
  /** Functions of different files may share a name: each is listed by itself. */
  readonly names: readonly string[];
  /** Where each of `names` is declared: an index into `files`, or -1, and a line, or 0. */
  readonly declarations: { readonly file: readonly number[]; readonly line: readonly number[] };
  readonly files: readonly string[];
  /** What was wrong with the debug information, in one sentence, or null. */
  readonly problem: string | null;
}

/** An ELF image opened for symbolization. Nothing is read before it is asked for. */
export interface ImageSymbols {
  readonly path: string;
  readonly machine: "x86_64" | "i386" | "aarch64" | "arm" | "riscv64" | "other";
  /**
   * False for a relocatable object (.o, .ko): its addresses begin at 0 with its first code section, usually .text, so that it
   * cannot name the addresses of a running guest by itself.
   */
  readonly isLinked: boolean;
  /** Lower-case hex of NT_GNU_BUILD_ID, or null. */
  readonly buildId: string | null;
  /** "Linux version …" when the image holds it. */
  readonly banner: string | null;
  readonly segments: readonly LoadSegment[];
  readonly functions: FunctionTable;
  /** The file has a line table; whether it can be read shows when `lines` is called. */
  readonly hasLines: boolean;
  /** What could not be read of its symbols, or else of what was read of its debug information, in one sentence; null: nothing. */
  readonly problem: string | null;
  /** Loads .debug_line once. Without one, resolves to null. Progress is in bytes of the section. */
  lines(signal?: AbortSignal, progress?: (done: number, total: number) => void): Promise<LineTable | null>;
  /** As `lines`, but the table is only sure to have the lines of these addresses: for a few it comes a hundred times sooner. */
  linesFor(addresses: BigUint64Array, signal?: AbortSignal): Promise<LineTable | null>;
  /**
   * The chain of inlined calls at each address. Reads the debug information of the units that the addresses are in, once.
   * Without lines or readable debug information, resolves to null (`problem` says why).
   */
  inlineFramesMany(addresses: BigUint64Array, signal?: AbortSignal): Promise<InlineFrames | null>;
  /** The function that contains each address, or -1. Addresses need not be sorted. */
  lookupMany(addresses: BigUint64Array): Int32Array;
  /** Address of a function or label by its exact name, or null. */
  addressOf(name: string): GuestAddress | null;
  /** The bytes of the image at a virtual address, or null when no segment of the file holds all of them. */
  read(address: GuestAddress, length: number): Uint8Array | null;
  close(): void;
}
