/** What a foreign format is to the rest: how it is recognized, how it is imported, and what comes of it. */
import type { TrustLevel } from "../../protocol/engine";
import type { EventProblems, EventReadOptions, TakeChunk } from "../events/eventReading";
import type { TraceTail } from "../types";
import type { TraceWriter } from "../writer";
import type { FollowOptions } from "./input/followedFile";
import type { TraceInput } from "./input/traceInput";

/** The first bytes of what may be a trace. */
export interface TraceStart {
  /** Followed by 256 zeros, which are not counted in `end`. */
  readonly bytes: Uint8Array;
  readonly end: number;
  /** Nothing follows `end`. */
  readonly whole: boolean;
  /** The bytes up to `end`, each as one character. */
  readonly text: string;
}

export interface TraceFormat {
  /** As `info` shows it. */
  readonly name: string;
  /** How to import what begins so, or null when it is not of this format. Looks at content only; no two formats claim the same. */
  recognize(start: TraceStart): TraceImporter | null;
  /** How to read the events of what begins so, executions among them, without importing it. */
  readonly recognizeEvents?: (start: TraceStart) => EventsReader | null;
}

/** Rejects as a `TraceImporter` does. */
export type EventsReader = (input: TraceInput, options: EventReadOptions, take: TakeChunk) => Promise<EventProblems>;

/** Reads the whole input into `writer`. Rejects with BootscopeError, or with AbortError when `options.signal` fires. */
export type TraceImporter = (input: TraceInput, writer: TraceWriter, options: ImportOptions) => Promise<ImportResult>;

/** A trace that is being written. It can be read at its path until that ends. */
export interface GrowingFile {
  readonly path: string;
  /** At the end it gets another name, or none. */
  readonly isPassing: boolean;
  /** What follows the part that is in the file; null: all that can be known is in it. */
  tail(): Promise<TraceTail | null>;
}

export interface ImportOptions {
  readonly signal?: AbortSignal;
  /** When it fires, what was read until then becomes the trace, which says so. */
  readonly stop?: AbortSignal;
  /** Bytes of the file as it is on disk; the total is Infinity where nobody knows it (pipes). */
  readonly progress?: (bytesDone: number, bytesTotal: number) => void;
  /** Is told whenever there is more of the trace to look at. */
  readonly onGrown?: (trace: GrowingFile) => void;
  /** For importers that know it before the end: takes what tells what the import has come to so far. */
  readonly tellSoFar?: (soFar: () => ImportResult) => void;
  /** The file is still being written: it is read until that ends. */
  readonly follow?: FollowOptions | undefined;
  /** The bundled importWorker: large logs and simple traces are then parsed on threads. Without, everything happens on the calling thread. */
  readonly importWorker?: string | undefined;
  /** What is read on threads is read there from the beginning, not only once they run (tests want it). */
  readonly waitForThreads?: boolean;
  /** A trace-events file to use instead of one beside the trace. */
  readonly traceEvents?: string | undefined;
  /** Bytes that logs and simple traces are read at a time (tests want them few). */
  readonly blockBytes?: number;
}

export interface ImportTrust {
  readonly mode: TrustLevel;
  /** Plain sentences. */
  readonly reasons: readonly string[];
}

/** What an importer found. */
export interface ImportResult {
  readonly format: string;
  readonly executions: number;
  /** Other events that were kept. */
  readonly events: number;
  /** Time zero of the executions on the clock of the events: nanoseconds, or executions where the source has no clock. */
  readonly eventOrigin: bigint;
  readonly vcpus: number;
  /** Nanoseconds, or executions where the source has no clock. */
  readonly endTime: number;
  readonly stamped: boolean;
  /** Whether blocks say how many instructions they have; default: they do not. */
  readonly instructionsCounted?: boolean;
  /** QEMU's name of the guest's architecture; default: the source does not tell. */
  readonly target?: string | undefined;
  /** False: a program ran alone, without a machine around it; default: the source does not tell. */
  readonly systemEmulation?: boolean | undefined;
  /** Times that lay before the one before them. */
  readonly stepsBack: number;
  /** Records that the source says it lost. */
  readonly dropped: number;
  readonly trust: ImportTrust;
}
