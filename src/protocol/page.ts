/**
 * What the trace editor's page and the extension host say to each other, over `Rpc`.
 *
 * The page never sees a bigint (VS Code's message channel refuses them): addresses are hex text.
 */
import type {
  EventNames,
  EventsPage,
  EventsQuery,
  FunctionColumn,
  FunctionsPage,
  FunctionsQuery,
  Metric,
  Phase,
  TimeRange,
  Timeline,
  TimelineQuery,
  TraceSummary,
} from "./engine";
import type { Failure } from "./failure";

export type PageFunctionsQuery = Omit<FunctionsQuery, "trace">;
export type PageTimelineQuery = Omit<TimelineQuery, "trace">;
export type PageEventsQuery = Omit<EventsQuery, "trace">;
export type PageEventNamesQuery = Omit<PageEventsQuery, "offset" | "limit">;

/** Rows of the functions table; `address` is lower-case hex of sixteen digits. */
export interface PageFunctions extends Omit<FunctionsPage, "address"> {
  readonly address: readonly string[];
}

/** What the engine is doing with the trace at the moment. Bytes of input, not of memory. */
export interface PageProgress {
  readonly activity: string;
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/** What happened to the trace's file since it was opened. */
export type FileChange = "changed" | "deleted";

/** What the host knows about the trace, sent whole at every change. */
export type PageState =
  | { readonly kind: "opening" }
  | {
      readonly kind: "open";
      readonly summary: TraceSummary;
      readonly progress: PageProgress | null;
      readonly fileChange: FileChange | null;
      /** False in an untrusted workspace: nothing may be launched. */
      readonly canRecord: boolean;
      /** There were names before the vmlinux that was refused last: opening the trace anew brings them back. */
      readonly hadNames: boolean;
    }
  | { readonly kind: "failed"; readonly failure: Failure };

export const pageTabs = ["functions", "phases", "events"] as const;
export type PageTab = (typeof pageTabs)[number];

/** What the person looks at. The part that Alt+Left and Alt+Right go through. */
export interface PageSelection {
  readonly range: TimeRange | null;
  readonly metric: Metric;
  readonly filter: string;
  /** The filter of trace events. */
  readonly eventFilter: string;
  readonly tab: PageTab;
}

/** Everything that survives hiding the editor, reloading the window and reopening the file. */
export interface PageView {
  readonly selection: PageSelection;
  readonly sort: FunctionColumn;
  readonly descending: boolean;
  /** The stretch that the overview shows when zoomed in. */
  readonly zoom: TimeRange | null;
  /** First visible row and focused row of the functions table. */
  readonly topRow: number;
  readonly focusedRow: number;
  /** The same of the table of events. */
  readonly topEvent: number;
  readonly focusedEvent: number;
  readonly overviewAsTable: boolean;
  readonly unnamedShown: boolean;
  /** Inlined code has rows of its own in the functions table. */
  readonly inlined: boolean;
}

/** Copies and exports; the host asks the engine for all rows, so they need not be loaded in the page. */
export type ExportFormat = "csv" | "json";

/** The host's side. */
export interface HostSide {
  requests: {
    /** The page's first message. Answers with the view the file was last left in; the state follows as an event. */
    ready: { params: null; result: { view: PageView | null } };
    functions: { params: PageFunctionsQuery; result: PageFunctions };
    timeline: { params: PageTimelineQuery; result: Timeline };
    phases: { params: null; result: readonly Phase[] };
    events: { params: PageEventsQuery; result: EventsPage };
    eventNames: { params: PageEventNamesQuery; result: EventNames };
    /** Stops reading; what was read stays. */
    stop: { params: null; result: null };
    /** Pauses following a trace that is still being written, or goes on with it. */
    pause: { params: { paused: boolean }; result: null };
    /** Opens the file anew, after it changed, after a failure, or after the engine died. */
    reload: { params: null; result: null };
    chooseVmlinux: { params: null; result: null };
    /** Uses the vmlinux that was refused because it does not belong to the trace. */
    useRefusedVmlinux: { params: null; result: null };
    recordAgain: { params: null; result: null };
    openSource: { params: { file: string; line: number }; result: null };
    /** Puts rows on the clipboard as tab-separated text with exact numbers. Answers how many. */
    copyRows: { params: PageFunctionsQuery; result: number };
    /** The same with events. */
    copyEvents: { params: PageEventsQuery; result: number };
    /** Asks where and writes all rows that match. Answers the path, or null when the person cancelled. */
    saveRows: { params: { query: PageFunctionsQuery; format: ExportFormat }; result: string | null };
    /** The same with all events that match. */
    saveEvents: { params: { query: PageEventNamesQuery; format: ExportFormat }; result: string | null };
    copyText: { params: { text: string }; result: null };
  };
  events: {
    state: PageState;
    /** Show this function: set the filter to its name and focus its row. */
    reveal: { functionName: string };
  };
}

/** The page's side: it answers nothing and tells what is selected. */
export interface PageSide {
  requests: Record<string, never>;
  events: {
    view: PageView;
    /** An error that nothing in the page handled, for the log. */
    error: { text: string };
  };
}
