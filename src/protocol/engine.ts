/**
 * What the engine can be asked. The engine is a process of its own; every face (VS Code, the page, the CLI) speaks this interface.
 *
 * Messages are structured-cloneable: typed arrays travel as they are, 64-bit addresses as `BigUint64Array`.
 * A page (webview) cannot receive bigints, so `src/protocol/page.ts` narrows these types for it.
 */
import type { DebugSources } from "./debugSources";
import type { Failure } from "./failure";
import type { FirmwareFile } from "./firmwareFile";
import type { Executions, Instructions, Nanoseconds } from "./units";

/** An open trace inside the engine. */
export type TraceHandle = number & { readonly traceHandle: unique symbol };

/** A half-open stretch of the trace's clock. */
export interface TimeRange {
  readonly start: Nanoseconds;
  readonly end: Nanoseconds;
}

/** What a trace holds of what was executed. "coverage": each block once, whenever and however often it ran. */
export const trustLevels = ["complete", "chained", "incomplete", "coverage"] as const;
export type TrustLevel = (typeof trustLevels)[number];

/** How far the numbers can be trusted. The words are explained in docs/trust.md. */
export interface Trust {
  readonly level: TrustLevel;
  /** Plain sentences: what is right, what is not, what to record instead. Empty for a complete trace. */
  readonly reasons: readonly string[];
  /** Records that the source says it lost. */
  readonly dropped: number;
  /** The file ends before the recording did (killed, cut off or still running). */
  readonly truncated: boolean;
  /** Bytes that could not be read as chunks, and sealed chunks with a wrong checksum. */
  readonly damagedBytes: number;
}

/** Executions without a name, by reason. */
export interface UnnamedShare {
  readonly reason: string;
  readonly executions: Executions;
}

export interface SymbolsSummary {
  /** The vmlinux; null when the trace brings its symbols along. */
  readonly path: string | null;
  readonly buildId: string | null;
  readonly functions: number;
  readonly hasLines: boolean;
  /** What could not be read of its symbols or debug information, in one sentence. */
  readonly problem?: string | null;
  /** How the vmlinux was checked against the trace. */
  readonly match: SymbolsMatch;
  /** How far KASLR moved the kernel: hexadecimal, with its sign. */
  readonly slide?: { readonly virtual: string; readonly physical: string };
  /** Modules and programs that were found in the trace, by their bytes. */
  readonly files?: readonly PlacedFile[];
}

/** A stretch of code of a module or program, where it was in the guest. */
export interface PlacedFile {
  readonly name: string;
  readonly path: string;
  readonly category: Category;
  /** Where its first byte was: sixteen hexadecimal digits. */
  readonly address: string;
  readonly bytes: number;
  /** Recorded blocks that have its bytes. */
  readonly blocks: number;
}

export interface SymbolsMatch {
  readonly verdict: "matches" | "mismatch" | "overridden" | "unchecked";
  /** One sentence, e.g. "98.7 % of 61,204 recorded blocks have the bytes of this vmlinux". */
  readonly evidence: string;
}

export interface TraceSummary {
  readonly path: string;
  readonly fileBytes: number;
  /** "bst", or what a foreign trace is imported from; empty while nobody knows it. */
  readonly format: string;
  readonly target: string | null;
  readonly guest: string | null;
  readonly qemu: string | null;
  readonly commandLine: readonly string[];
  readonly vcpus: number;
  readonly deterministic: boolean;
  /** "host": times are host nanoseconds. "events": the trace has no clock; a time is an execution number. */
  readonly clock: "host" | "events";
  readonly instructionsCounted: boolean;
  readonly executions: Executions;
  readonly instructions: Instructions;
  readonly distinctBlocks: number;
  /** Trace events that are no executions. */
  readonly events: number;
  readonly duration: Nanoseconds;
  readonly trust: Trust;
  readonly symbols: SymbolsSummary | null;
  /** Why there are no symbols, when there are none: what was looked for and where, or how the vmlinux differs. */
  readonly symbolsProblem: Failure | null;
  /** Why files that were given for firmware name nothing; null when they do, and while they are looked for. */
  readonly firmwareProblem: Failure | null;
  readonly named: Executions;
  readonly unnamed: readonly UnnamedShare[];
  /** Grows with every change; answers carry it, so that a view knows that it is stale. */
  readonly revision: number;
  /** False while the trace is still being imported or scanned: all counts are of the part done. */
  readonly complete: boolean;
  /** Nothing goes on in the background any more: no progress is to be shown beside it. */
  readonly settled: boolean;
  /** Of a trace that is still being written and is followed: how. "lost": its file was cut, written anew or replaced. */
  readonly follow: "live" | "paused" | "lost" | null;
}

export type FunctionColumn = "name" | "executions" | "instructions" | "time" | "first" | "source";
export type Metric = "executions" | "instructions" | "time";

/** What an address range belongs to. The order is that of `categoryNames`. */
export enum Category {
  Firmware = 0,
  Decompressor = 1,
  Kernel = 2,
  Module = 3,
  User = 4,
  Unknown = 5,
}
export const categoryNames = ["firmware", "decompressor", "kernel", "module", "user", "unknown"] as const;

export interface FunctionsQuery {
  readonly trace: TraceHandle;
  readonly range: TimeRange | null;
  readonly sort: FunctionColumn;
  readonly descending: boolean;
  /** The filter box: words match names; `file:` and `dir:` match paths, `module:` the module; `>1%` keeps shares of `metric`. Empty: all. */
  readonly filter: string;
  readonly metric: Metric;
  readonly offset: number;
  readonly limit: number;
  /** Count inlined code for the function that was inlined, in rows of its own. Fails without debug information. Absent: false. */
  readonly inlined?: boolean;
  /** Tells where these words, as in `filter`, are among the rows. Absent or empty: nowhere. */
  readonly find?: string;
}

export interface Totals {
  readonly executions: Executions;
  readonly instructions: Instructions;
  readonly time: Nanoseconds;
}

/** The functions whose code an inlined function is part of, most expensive first. */
export interface InlinedInto {
  /** At most eight of them. */
  readonly functions: readonly string[];
  /** What of the row's cost in the queried metric lies in each of `functions`. */
  readonly cost: readonly number[];
  /** How many there are, and the cost in all of them. */
  readonly count: number;
  readonly total: number;
}

/** Rows `offset` … of the sorted and filtered functions, as columns of equal length. */
export interface FunctionsPage {
  readonly revision: number;
  readonly complete: boolean;
  readonly offset: number;
  /** Functions that were executed in the range, and how many of them pass the filter. */
  readonly executed: number;
  readonly matched: number;
  /** Where the rows that `find` asks for stand among those that match, ascending. */
  readonly hits: Uint32Array;
  /** Totals of the range (all functions), of the rows that match, and of the whole trace. */
  readonly rangeTotals: Totals;
  readonly matchedTotals: Totals;
  readonly traceTotals: Totals;
  /** The cost of the range's costliest function in each measure, whatever the filter. */
  readonly rangeLargest: Totals;
  readonly id: Uint32Array;
  /** Of functions, as the source has it. */
  readonly name: readonly string[];
  /** Other names in the symbol table of what ran of it: pieces and copies that the compiler made (`f.cold`, `f.isra.0`). */
  readonly rawNames: readonly (readonly string[])[];
  readonly address: BigUint64Array;
  readonly category: Uint8Array;
  /** Source path as the debug information has it, or null. */
  readonly file: readonly (string | null)[];
  /** Folders, with their slashes, that nearly all sources of the trace are below; lists leave them out. */
  readonly sourceRoots: readonly string[];
  /** 1-based; 0 unknown. */
  readonly line: Uint32Array;
  readonly executions: Float64Array;
  readonly instructions: Float64Array;
  readonly time: Float64Array;
  /** Time of the first execution in the whole trace. */
  readonly first: Float64Array;
  /** Empty, or why the row has no function name (e.g. "no address map of modules"). */
  readonly note: readonly string[];
  /** Of a row for inlined code: what it was inlined into; else null. */
  readonly inlinedInto: readonly (InlinedInto | null)[];
}

export interface TimelineQuery {
  readonly trace: TraceHandle;
  readonly range: TimeRange | null;
  /** At most 4096. */
  readonly buckets: number;
  readonly metric: Metric;
}

/** Cost per bucket and category; `values[category][bucket]`. Of a trace without executions, its events, as of an unknown category. */
export interface Timeline {
  readonly revision: number;
  readonly complete: boolean;
  readonly range: TimeRange;
  readonly values: readonly Float64Array[];
}

export interface Phase {
  readonly name:
    "reset" | "firmware" | "decompressor" | "kernel entry" | "start_kernel" | "init" | "user space" | "power off";
  readonly start: Nanoseconds;
  readonly end: Nanoseconds;
  readonly executions: Executions;
  readonly instructions: Instructions;
  /** What marks its start, e.g. "first execution of start_kernel". */
  readonly evidence: string;
}

/** Cost of one source file, by line, as columns of equal length sorted by line. */
export interface LinesResult {
  readonly revision: number;
  readonly complete: boolean;
  /** Path as the debug information has it. */
  readonly file: string;
  readonly line: Uint32Array;
  readonly executions: Float64Array;
  readonly instructions: Float64Array;
  readonly time: Float64Array;
  readonly first: Float64Array;
  /** Where the line's code is, also or only, part of other functions than the one around it in the file: these, by instructions. */
  readonly inlinedInto: readonly (InlinedInto | null)[];
  /** Totals of the whole trace, of the range in all files, and of the range in this file. */
  readonly traceTotals: Totals;
  readonly rangeTotals: Totals;
  readonly fileTotals: Totals;
  /** Functions of this file that were executed, at the line of their definition. */
  readonly functions: readonly FunctionOfFile[];
}

export interface FunctionOfFile extends Totals {
  readonly name: string;
  readonly line: number;
  readonly first: Nanoseconds;
}

/** Asks when a line of a source file, or the functions that begin there, cost what. */
export interface CostHistoryQuery {
  readonly trace: TraceHandle;
  readonly of: "line" | "function";
  /** Path as the debug information has it, and a line of it. */
  readonly file: string;
  readonly line: number;
  readonly range: TimeRange | null;
  readonly metric: Metric;
  /** At most 4096. */
  readonly buckets: number;
}

/** Cost of a line or function over time. */
export interface CostHistory {
  readonly revision: number;
  readonly range: TimeRange;
  /** In as many equal parts of the range as were asked for. */
  readonly values: Float64Array;
  /** The same by phase of the boot, where there is any, in the order of the phases. */
  readonly phases: readonly { readonly name: Phase["name"]; readonly cost: number }[];
}

export interface SymbolizeQuery {
  readonly vmlinux: string;
  readonly addresses: BigUint64Array;
  /** Where what is read of the vmlinux is kept; null: nowhere. */
  readonly cacheFolder: string | null;
  /** Where the debug information of a stripped vmlinux may be; absent: where distributions install it. */
  readonly debug?: DebugSources | undefined;
}

export interface SymbolizedAddress {
  readonly function: string | null;
  readonly offset: number;
  readonly file: string | null;
  readonly line: number;
}

/** One call of a chain: where the code of a function, inlined or not, stands at an address. */
export interface CallFrame {
  readonly function: string | null;
  readonly file: string | null;
  /** 1-based; 0 unknown. Of the address in the innermost frame, of the inlined call in the others. */
  readonly line: number;
}

export interface InlineChains {
  /** Per address its frames, the innermost first; at least one each. */
  readonly chains: readonly (readonly CallFrame[])[];
  /** What was wrong with the debug information, in one sentence, or null. */
  readonly problem: string | null;
}

export interface EventsQuery {
  readonly trace: TraceHandle;
  readonly range: TimeRange | null;
  /** Words that match names or arguments; `name:` for names only, `name:=` for one; `argument=value`, also with != < <= > >= ~. Empty: all. */
  readonly filter: string;
  readonly offset: number;
  readonly limit: number;
}

/** Rows `offset` … of the events that match, in the order of the source, as columns of equal length. */
export interface EventsPage {
  readonly revision: number;
  readonly offset: number;
  readonly matched: number;
  /** What `thread` stands for. */
  readonly threads: "process" | "thread" | "vcpu";
  readonly time: Float64Array;
  /** -1: unknown. */
  readonly thread: Float64Array;
  readonly name: readonly string[];
  /** `name=value`, with spaces between; all digits. */
  readonly arguments: readonly string[];
  /** The first of these events whose arguments have no names, because no trace-events file describes it; null: none. */
  readonly undescribed: string | null;
}

/** Events of a range by name, as columns of equal length, most first. */
export interface EventNames {
  readonly revision: number;
  readonly name: readonly string[];
  readonly count: Float64Array;
}

/** Every request: its parameters and its answer. */
export interface EngineRequests {
  /** Opens a trace: answers as soon as head and metadata are read; scanning (or importing) goes on and sends "changed". */
  open: {
    params: {
      path: string;
      vmlinux: readonly string[];
      cacheFolder: string;
      /** Folders and files with modules and programs of the guest, beside those that are found without being told. */
      roots?: readonly string[];
      /** Files with the symbols of firmware, boot loaders or decompressors, beside those of the kernel's build. */
      firmware?: readonly FirmwareFile[];
      /** A trace that is still being written is followed until that ends. */
      follow?: boolean | undefined;
      /** A trace-events file that describes the events, instead of one beside the trace. */
      traceEvents?: string | undefined;
      /** Where debug information may be that was split off; absent: where distributions install it. */
      debug?: DebugSources | undefined;
      /** A text in which the guest lists its modules, instead of one that comes with the trace. */
      modules?: string | undefined;
    };
    result: { trace: TraceHandle; summary: TraceSummary };
  };
  close: { params: { trace: TraceHandle }; result: null };
  summary: { params: { trace: TraceHandle }; result: TraceSummary };
  /** Stops the import or scan; what was read so far stays usable. Answers when the import has ended: its part may be yet to be read. */
  stop: { params: { trace: TraceHandle }; result: null };
  /** Pauses following a trace that is still being written, or goes on with it. */
  follow: { params: { trace: TraceHandle; paused: boolean }; result: TraceSummary };
  /** Waits until the scan has ended (also when it was stopped). */
  settled: { params: { trace: TraceHandle }; result: TraceSummary };
  /** Uses another vmlinux. With `force` even one that does not match. `null`: none. */
  setSymbols: { params: { trace: TraceHandle; vmlinux: string | null; force: boolean }; result: TraceSummary };
  functions: { params: FunctionsQuery; result: FunctionsPage };
  timeline: { params: TimelineQuery; result: Timeline };
  phases: { params: { trace: TraceHandle }; result: readonly Phase[] };
  /** Source files with cost, most expensive first. */
  files: { params: { trace: TraceHandle }; result: { file: readonly string[]; executions: Float64Array } };
  lines: { params: { trace: TraceHandle; file: string; range: TimeRange | null }; result: LinesResult | null };
  /** Null: the trace knows no such file, or nothing of it at the line. */
  costHistory: { params: CostHistoryQuery; result: CostHistory | null };
  symbolize: { params: SymbolizeQuery; result: readonly SymbolizedAddress[] };
  /** As `symbolize`, with the calls that were inlined at each address. */
  inlineChains: { params: SymbolizeQuery; result: InlineChains };
  events: { params: EventsQuery; result: EventsPage };
  eventNames: { params: Omit<EventsQuery, "offset" | "limit">; result: EventNames };
  /** Writes all events that match to a file: a line each, or an array of objects. Answers how many. */
  exportEvents: {
    params: Omit<EventsQuery, "offset" | "limit"> & { output: string; format: "csv" | "json" };
    result: number;
  };
  /** Writes the imported form of a foreign trace to `output`. */
  import: { params: { path: string; output: string; traceEvents?: string | undefined }; result: TraceSummary };
}

export type EngineMethod = keyof EngineRequests;

/** Messages to the engine. */
export type ToEngine =
  | {
      [M in EngineMethod]: { kind: "request"; id: number; method: M; params: EngineRequests[M]["params"] };
    }[EngineMethod]
  | { kind: "cancel"; id: number };

/** Messages from the engine. */
export type FromEngine =
  | { kind: "ready"; pid: number }
  | { kind: "answer"; id: number; result: EngineRequests[EngineMethod]["result"] }
  | { kind: "failed"; id: number; failure: Failure }
  | EngineNotice;

/** What the engine says unasked. */
export type EngineNotice =
  | {
      kind: "progress";
      trace: TraceHandle;
      /** What is being done now: "Importing", "Reading", "Reading symbols". */
      activity: string;
      bytesDone: number;
      /** Infinity where nobody knows it (pipes). */
      bytesTotal: number;
    }
  | { kind: "changed"; trace: TraceHandle; summary: TraceSummary }
  | { kind: "log"; level: "debug" | "info" | "warn" | "error"; text: string };
