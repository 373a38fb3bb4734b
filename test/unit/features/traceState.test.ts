import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TraceState, type TraceNotice } from "../../../src/features/traceState";
import type { TraceHandle, TraceSummary } from "../../../src/protocol/engine";

const emptySummary = { executions: 0, complete: false, follow: null } as unknown as TraceSummary;
const summaryOf = (revision: number, rest: Partial<TraceSummary> = {}): TraceSummary => ({
  ...emptySummary,
  revision,
  settled: false,
  ...rest,
});

/** What the engine of the model does next. */
type Step =
  | "grow" // more is read
  | "progress" // of what is being done
  | "ask" // a face asks something that is answered with the summary of that moment
  | "reopen"; // a person opens the trace anew

const steps = fc.array(fc.constantFrom<Step>("grow", "progress", "ask", "reopen"), { maxLength: 30 });

/** The engine as it is: it numbers what it says, and what it says unasked arrives in order. */
class Model {
  readonly state = new TraceState();
  handle = 0 as TraceHandle;
  revision = 0;
  /** Answers on their way, the oldest first: they may come later than notices that were sent after them. */
  private answers: (() => void)[] = [];

  open(): void {
    this.handle = (this.handle + 1) as TraceHandle;
    this.revision = 1;
    this.state.begin();
    const { handle } = this;
    const summary = summaryOf(1);
    this.answers.push(() => {
      if (handle === this.handle) this.state.opened(handle, summary);
    });
  }

  summary(settled = false): TraceSummary {
    return summaryOf(this.revision, { settled, complete: settled });
  }

  change(settled = false): void {
    this.revision++;
    this.say({ kind: "changed", trace: this.handle, summary: this.summary(settled) });
  }

  say(notice: TraceNotice): void {
    this.state.hear(notice);
  }

  answer(settled = false): void {
    const { handle } = this;
    const summary = this.summary(settled);
    this.answers.push(() => this.state.take(handle, summary));
  }

  /** One of the answers arrives; that to the opening before those that need its handle. */
  arrive(): void {
    this.answers.shift()?.();
  }

  step(step: Step): void {
    if (step === "reopen") this.open();
    else if (step === "ask") this.answer();
    else if (step === "progress") this.progress(0.5);
    else this.change();
  }

  progress(share: number): void {
    this.say({ kind: "progress", trace: this.handle, activity: "Reading", bytesDone: share * 100, bytesTotal: 100 });
  }
}

describe("what is shown of a trace", () => {
  it("is in the end what the engine said last, without progress, whatever overtakes what", () => {
    fc.assert(
      fc.property(steps, fc.array(fc.nat(3), { maxLength: 60 }), fc.boolean(), (todo, arrivals, lateProgress) => {
        const model = new Model();
        model.open();
        const delays = [...arrivals];
        const arriveSome = (): void => {
          for (let count = delays.shift() ?? 0; count > 0; count--) model.arrive();
        };
        for (const step of todo) {
          model.step(step);
          arriveSome();
        }
        model.progress(1);
        arriveSome();
        model.change(true);
        model.answer(true);
        arriveSome();
        // A notice of progress that is late, as none should be.
        if (lateProgress) model.progress(0.9);
        for (let left = 100; left > 0; left--) model.arrive();
        const { current, progress } = model.state;
        expect(progress).toBeNull();
        expect(current).toEqual({ kind: "open", handle: model.handle, summary: model.summary(true) });
      }),
    );
  });

  it("never goes back to an older summary", () => {
    fc.assert(
      fc.property(steps, fc.array(fc.nat(3), { maxLength: 60 }), (todo, arrivals) => {
        const model = new Model();
        model.open();
        let seen = { handle: 0, revision: 0 };
        todo.forEach((step, index) => {
          model.step(step);
          for (let count = arrivals[index] ?? 0; count > 0; count--) model.arrive();
          const { current } = model.state;
          if (current.kind !== "open") return;
          const now = { handle: current.handle as number, revision: current.summary.revision };
          if (now.handle === seen.handle) expect(now.revision).toBeGreaterThanOrEqual(seen.revision);
          else expect(now.handle).toBeGreaterThan(seen.handle);
          seen = now;
        });
      }),
    );
  });

  it("has no progress while a trace that is being written is read as far as it is", () => {
    const state = new TraceState();
    const trace = 1 as TraceHandle;
    state.begin();
    state.opened(trace, summaryOf(1, { follow: "live" }));
    state.hear({ kind: "progress", trace, activity: "Importing", bytesDone: 5, bytesTotal: 9 });
    expect(state.progress).toEqual({ activity: "Importing", bytesDone: 5, bytesTotal: 9 });
    state.hear({ kind: "progress", trace, activity: "Importing", bytesDone: 9, bytesTotal: 9 });
    expect(state.progress).toBeNull();
  });

  it("knows what was told before the engine's answer to the opening was taken", () => {
    const state = new TraceState();
    const trace = 7 as TraceHandle;
    state.begin();
    expect(state.hear({ kind: "changed", trace, summary: summaryOf(3, { settled: true }) })).toBe(false);
    state.opened(trace, summaryOf(2));
    expect(state.current).toMatchObject({ kind: "open", summary: { revision: 3, settled: true } });
  });
});
