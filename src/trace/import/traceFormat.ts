/** What a foreign format is to the rest: how it is recognized, how it is imported, and what comes of it. */
import type { TrustLevel } from "../../protocol/engine";
import type { EventProblems, EventReadOptions, TakeChunk } from "../events/eventReading";
import type { TraceWriter } from "../writer";
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

export interface ImportOptions {
  readonly signal?: AbortSignal;
  /** When it fires, what was read until then becomes the trace, which says so. */
  readonly stop?: AbortSignal;
  /** Bytes of the file as it is on disk; the total is Infinity where nobody knows it (pipes). */
  readonly progress?: (bytesDone: number, bytesTotal: number) => void;
  /** Is told now and then of the trace as far as it is written, which can be read until the import ends, and how many chunks of executions it has. */
  readonly onGrown?: (path: string, executionChunks: number) => void;
  /** The bundled importWorker: large logs and simple traces are then parsed on threads. Without, everything happens on the calling thread. */
  readonly importWorker?: string | undefined;
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
  /** False: a program ran alone, without a machine around it; default: the source does not tell. */
  readonly systemEmulation?: boolean;
  /** Times that lay before the one before them. */
  readonly stepsBack: number;
  /** Records that the source says it lost. */
  readonly dropped: number;
  readonly trust: ImportTrust;
}
