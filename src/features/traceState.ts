/**
 * What a face knows of one trace. Answers and notices of the engine overtake each other on their way: whichever comes when, the
 * newest summary (by its revision) is what is shown, and no progress beside one that says that nothing goes on.
 */
import type { EngineNotice, TraceHandle, TraceSummary } from "../protocol/engine";
import type { BootscopeError } from "../protocol/failure";
import type { PageProgress } from "../protocol/page";

export type OpenState = { readonly kind: "open"; readonly handle: TraceHandle; readonly summary: TraceSummary };

export type State =
  { readonly kind: "opening" } | OpenState | { readonly kind: "failed"; readonly reason: BootscopeError };

/** What the engine says of one trace. */
export type TraceNotice = Exclude<EngineNotice, { kind: "log" }>;

export class TraceState {
  private state: State = { kind: "opening" };
  private latest: OpenState | undefined;
  private told: PageProgress | null = null;
  /** The newest of each trace that was told while this one is being opened: it may be of this one. */
  private readonly early = new Map<TraceHandle, TraceSummary>();

  get current(): State {
    return this.state;
  }

  /** The trace as it was last open; undefined before the first opening. */
  get lastOpen(): OpenState | undefined {
    return this.latest;
  }

  /** What goes on with the trace; null when nothing does, or nothing that has an end. */
  get progress(): PageProgress | null {
    const { state, told } = this;
    if (state.kind !== "open" || state.summary.settled || told === null) return null;
    return this.isFollowed && told.bytesDone >= told.bytesTotal ? null : told;
  }

  /** It is still being written, and what comes is shown, now or later. */
  get isFollowed(): boolean {
    const { state } = this;
    return state.kind === "open" && (state.summary.follow === "live" || state.summary.follow === "paused");
  }

  /** The file is opened, or opened anew. */
  begin(): void {
    this.state = { kind: "opening" };
    this.told = null;
    this.early.clear();
  }

  /** The engine has opened it. */
  opened(handle: TraceHandle, summary: TraceSummary): void {
    this.show(handle, newer(summary, this.early.get(handle)));
    this.early.clear();
  }

  fail(reason: BootscopeError): void {
    this.state = { kind: "failed", reason };
  }

  /** Takes what the engine answered of an open trace. False: it is of another one, or more is known by now. */
  take(handle: TraceHandle, summary: TraceSummary): boolean {
    const { state } = this;
    if (state.kind !== "open" || state.handle !== handle || summary.revision < state.summary.revision) return false;
    this.show(handle, summary);
    return true;
  }

  /** Takes what the engine said unasked. False: it changes nothing that is shown. */
  hear(notice: TraceNotice): boolean {
    const { state } = this;
    if (state.kind === "opening") {
      if (notice.kind === "changed") this.early.set(notice.trace, newer(notice.summary, this.early.get(notice.trace)));
      return false;
    }
    if (notice.kind === "changed") return this.take(notice.trace, notice.summary);
    if (state.kind !== "open" || state.handle !== notice.trace) return false;
    const { activity, bytesDone, bytesTotal } = notice;
    this.told = { activity, bytesDone, bytesTotal };
    return true;
  }

  private show(handle: TraceHandle, summary: TraceSummary): void {
    this.latest = { kind: "open", handle, summary };
    this.state = this.latest;
    if (summary.settled) this.told = null;
  }
}

const newer = (one: TraceSummary, other: TraceSummary | undefined): TraceSummary =>
  other !== undefined && other.revision > one.revision ? other : one;
