/** Asks for a value again and again, and only ever shows the newest answer. */
import { effect, signal, untracked, type ReadonlySignal } from "@preact/signals";
import { toFailure, type Failure } from "../../src/protocol/failure";

export class Latest<Query, Value> {
  private readonly current = signal<Value | null>(null);
  private readonly failed = signal<Failure | null>(null);
  private query: Query | undefined;
  private running: AbortController | undefined;
  /** The same query must be asked again when the running one has answered. */
  private stale = false;

  constructor(private readonly ask: (query: Query, signal: AbortSignal) => Promise<Value>) {}

  /** The newest answer; it stays while the next is awaited. */
  get value(): ReadonlySignal<Value | null> {
    return this.current;
  }

  get failure(): ReadonlySignal<Failure | null> {
    return this.failed;
  }

  /** A new question: an answer to the one before is not wanted any more. */
  set(query: Query): void {
    this.query = query;
    this.running?.abort();
    this.running = undefined;
    void this.run();
  }

  /** The same question, because its answer may have changed. A running one is awaited, so that one answer always comes. */
  refresh(): void {
    if (this.query === undefined) return;
    if (this.running === undefined) void this.run();
    else this.stale = true;
  }

  private async run(): Promise<void> {
    const { query } = this;
    if (query === undefined) return;
    const controller = new AbortController();
    this.running = controller;
    this.stale = false;
    try {
      const value = await this.ask(query, controller.signal);
      if (this.running !== controller) return;
      this.current.value = value;
      this.failed.value = null;
    } catch (thrown) {
      if (this.running !== controller) return;
      const failure = toFailure(thrown);
      if (failure.code !== "cancelled") this.failed.value = failure;
    }
    this.running = undefined;
    if (this.isStale()) void this.run();
  }

  /** A method, because the compiler does not see that it changes during an await. */
  private isStale(): boolean {
    return this.stale;
  }
}

/**
 * Keeps an answer up to date: asks when `query` changes, and again when `revision` does. A query of null asks nothing.
 * Both are read inside an effect. Returns what ends it.
 */
export function follow<Query>(
  query: () => Query | null,
  revision: () => number,
  target: { set(query: Query): void; refresh(): void },
): () => void {
  let asked: string | null = null;
  return effect(() => {
    const wanted = query();
    revision();
    const key = wanted === null ? null : JSON.stringify(wanted);
    const isNew = key !== asked;
    asked = key;
    if (wanted !== null) untracked(() => (isNew ? target.set(wanted) : target.refresh()));
  });
}
