/** What a .bst file holds, as its reader shows it. The bytes are described in docs/trace-format.md. */
import type { TrustLevel } from "../protocol/engine";
import type { EventsHead } from "./events/eventDecoder";
import type { BlockNumber, FileOffset } from "../protocol/units";

/** How a translated block ends. The numbers are those of the file. */
export enum Terminator {
  Other = 0,
  Call = 1,
  IndirectCall = 2,
  Return = 3,
  Jump = 4,
  IndirectJump = 5,
  Conditional = 6,
  Syscall = 7,
  Sysret = 8,
  Iret = 9,
  Interrupt = 10,
  Halt = 11,
  Far = 12,
}

export enum ChunkKind {
  Metadata = 1,
  Blocks = 2,
  Executions = 3,
  Switches = 4,
  Events = 5,
  Attachment = 6,
  Totals = 7,
}

/** The translated blocks of a trace as columns; the index is the `BlockNumber`. */
export interface BlockTable {
  readonly count: number;
  readonly address: BigUint64Array;
  /** All bits set: unknown. */
  readonly physicalAddress: BigUint64Array;
  /** 0: none. */
  readonly target: BigUint64Array;
  readonly size: Uint32Array;
  readonly instructions: Uint16Array;
  readonly terminator: Uint8Array;
  readonly terminatorLength: Uint8Array;
  readonly flags: Uint32Array;
  readonly crc: Uint32Array;
  /** The length in bytes of each instruction of a block, or null when the recorder did not say. */
  instructionLengths(block: BlockNumber): Uint8Array | null;
}

/** Where an execution chunk is and what its head says. All that a worker needs to decode it. */
export interface ExecutionChunk {
  /** Of the chunk's payload (its 80-byte head included). */
  readonly offset: FileOffset;
  /** Payload bytes; for an unsealed chunk the whole extent that is in the file. */
  readonly length: number;
  readonly sealed: boolean;
  readonly crc: number;
  readonly vcpu: number;
  /** Executions of this vCPU before the chunk. */
  readonly firstExecution: number;
  readonly firstInstruction: number;
  /** As the head says; 0 when not sealed. */
  readonly executions: number;
  readonly instructions: number;
  /** Nanoseconds at start and end; an unsealed chunk's end is found when it is decoded. */
  readonly startTime: number;
  readonly endTime: number;
  /** Nanoseconds per unit of a record's `ticks` field. */
  readonly timePerTick: number;
  readonly lastBlock: number;
  readonly lastSwitch: number;
  /** Its bytes, if they are not in the file yet. */
  readonly payload?: Uint8Array;
}

export interface TaskSwitches {
  readonly count: number;
  readonly previousTask: BigUint64Array;
  readonly nextTask: BigUint64Array;
  readonly execution: Float64Array;
  /** -1: unknown. */
  readonly pid: Int32Array;
  readonly threadGroup: Int32Array;
  readonly vcpu: Uint32Array;
  comm(index: number): string;
}

export interface TraceMetadata {
  recorder?: { name?: string; version?: string; pluginApi?: number };
  qemu?: { version?: string; commandLine?: string[] };
  target?: string;
  systemEmulation?: boolean;
  vcpus?: number;
  capture?: { mode?: TrustLevel; deterministic?: boolean; reasons?: string[] };
  clock?: { kind?: "host" | "events"; tickShift?: number };
  instructionsCounted?: boolean;
  startUnixNs?: string;
  icountShift?: number;
  kernel?: { path?: string; release?: string; buildIds?: string[] };
  source?: { format?: string; path?: string; bytes?: string };
  dropped?: number;
  /** Time zero of the executions on the clock of the events: a decimal 64-bit number. */
  events?: { origin?: string };
}

export interface Attachment {
  readonly name: string;
  readonly mime: string;
  readonly offset: FileOffset;
  readonly length: number;
  /** CRC-32 of so many bytes before `offset` and of the `length` from there on. */
  readonly crc: number;
  readonly headBytes: number;
}

/** Where a chunk of events is and what its head says (`EventsHead`). */
export interface EventChunk extends EventsHead {
  readonly offset: FileOffset;
  readonly length: number;
  readonly crc: number;
  /** Its bytes, if they are not in the file yet. */
  readonly payload?: Uint8Array;
}

/** Chunks that follow what there is of a file, but are not in it yet. */
export interface TraceTail {
  /** Where in the file the first of them begins. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** What was wrong with a file that still opened. */
export interface TraceDamage {
  /** The recording did not end by itself: killed, cut off or still running. */
  readonly truncated: boolean;
  /** Bytes skipped because no valid chunk was found there, and sealed chunks with a wrong checksum. */
  readonly skippedBytes: number;
  /** Executions known to be lost with damaged chunks. */
  readonly lostExecutions: number;
}

/** An open trace: everything but the execution stream itself, whose chunks are decoded on demand. */
export interface TraceFile {
  readonly path: string;
  readonly bytes: number;
  readonly metadata: TraceMetadata;
  readonly blocks: BlockTable;
  readonly chunks: readonly ExecutionChunk[];
  readonly switches: TaskSwitches;
  readonly events: readonly EventChunk[];
  readonly attachments: readonly Attachment[];
  readonly damage: TraceDamage;
}
