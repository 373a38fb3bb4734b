/** The rows of a long table: those that were looked at, fetched in pages and kept until the question changes. */
import { computed, signal } from "@preact/signals";
import { toFailure, type Failure } from "../../src/protocol/failure";

export const rowsPerPage = 128;

/** Which rows of an answer are wanted. */
export interface Stretch {
  readonly offset: number;
  readonly limit: number;
}

/** An answer: columns of equal length, and how many rows there are in all. */
export interface RowsPage {
  readonly matched: number;
  readonly name: readonly string[];
}

export class PagedRows<Query extends object, Page extends RowsPage, Row> {
  /** Answers to the query that is shown. Replaced as a whole when the first answer to a new query arrives. */
  private readonly pages = signal<ReadonlyMap<number, Page>>(new Map());
  private readonly failed = signal<Failure | null>(null);
  /** The newest answer: totals and numbers of rows. */
  readonly head = signal<Page | null>(null);
  readonly failure = computed(() => this.failed.value);
  private query: Query | undefined;
  private running = new AbortController();
  private readonly wanted = new Set<number>();
  private visible: readonly [first: number, end: number] = [0, 1];
  private refreshing = false;
  private stale = false;

  /** @param rowAt makes a row of a place in the columns */
  constructor(
    private readonly ask: (query: Query & Stretch, signal: AbortSignal) => Promise<Page>,
    private readonly rowAt: (page: Page, at: number) => Row,
  ) {}

  row(index: number): Row | undefined {
    const number = Math.floor(index / rowsPerPage);
    const page = this.pages.value.get(number);
    const at = index - number * rowsPerPage;
    return page === undefined || at >= page.name.length ? undefined : this.rowAt(page, at);
  }

  /** A new question. The rows of the one before stay on screen until its first answer is there. */
  set(query: Query): void {
    this.query = query;
    this.running.abort();
    this.running = new AbortController();
    this.wanted.clear();
    this.refreshing = false;
    void this.replace();
  }

  /** The same question, because the trace grew. While one refresh runs, further ones become a single next one. */
  refresh(): void {
    if (this.query === undefined) return;
    if (this.refreshing) this.stale = true;
    else void this.replace();
  }

  /** Rows `first` … `end` are on screen: fetches what is missing of them. */
  show(first: number, end: number): void {
    this.visible = [first, Math.max(end, first + 1)];
    if (this.refreshing) return;
    for (const page of this.visiblePages()) {
      if (!this.pages.value.has(page) && !this.wanted.has(page)) void this.add(page);
    }
  }

  private visiblePages(): number[] {
    const [first, end] = this.visible;
    const from = Math.floor(first / rowsPerPage);
    const to = Math.floor((end - 1) / rowsPerPage);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  }

  private async replace(): Promise<void> {
    const { signal: abort } = this.running;
    this.refreshing = true;
    this.stale = false;
    try {
      let numbers = this.visiblePages();
      let answers: readonly Page[] = await Promise.all(numbers.map((page) => this.fetch(page, abort)));
      if (answers.every((answer) => answer.name.length === 0) && answers[0].matched > 0) {
        // Fewer rows than before: the visible stretch is past their end.
        numbers = [0];
        answers = [await this.fetch(0, abort)];
      }
      if (abort.aborted) return;
      this.pages.value = new Map(numbers.map((page, index) => [page, answers[index]]));
      this.head.value = answers[0];
      this.failed.value = null;
    } catch (thrown) {
      if (abort.aborted) return;
      this.failed.value = toFailure(thrown);
    }
    this.refreshing = false;
    if (this.isStale()) void this.replace();
    else this.show(...this.visible);
  }

  /** A method, because the compiler does not see that it changes during an await. */
  private isStale(): boolean {
    return this.stale;
  }

  private async add(page: number): Promise<void> {
    if (this.query === undefined || this.head.value === null || page * rowsPerPage >= this.head.value.matched) return;
    const { signal: abort } = this.running;
    this.wanted.add(page);
    try {
      const answer = await this.fetch(page, abort);
      if (!abort.aborted) this.pages.value = new Map([...this.pages.value, [page, answer]]);
    } catch (thrown) {
      if (!abort.aborted) this.failed.value = toFailure(thrown);
    } finally {
      if (!abort.aborted) this.wanted.delete(page);
    }
  }

  private fetch(page: number, abort: AbortSignal): Promise<Page> {
    if (this.query === undefined) return Promise.reject(new Error("no query"));
    return this.ask({ ...this.query, offset: page * rowsPerPage, limit: rowsPerPage }, abort);
  }
}
