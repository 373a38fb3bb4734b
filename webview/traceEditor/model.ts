/** What the page shows, in one place: every part reads these signals, and changes them only through the methods here. */
import { batch, computed, effect, signal, untracked } from "@preact/signals";
import type { EventNames, FunctionColumn, Metric, Phase, TimeRange } from "../../src/protocol/engine";
import { toFailure } from "../../src/protocol/failure";
import type {
  HostSide,
  PageEventNamesQuery,
  PageSelection,
  PageSide,
  PageState,
  PageTab,
  PageView,
} from "../../src/protocol/page";
import { Rpc } from "../../src/protocol/rpc";
import { debounce } from "../common/debounce";
import { follow, Latest } from "../common/latest";
import { vscodeApi } from "../common/vscodeApi";
import { EventRows } from "./events/eventRows";
import { withPickedName } from "./events/pickedName";
import { FunctionRows, type RowsQuery } from "./functions/functionRows";
import { nextHit } from "./functions/hits";
import { effectiveMetric } from "./functions/tableLayout";
import { goBack, goForward, goTo, startHistory } from "./history";
import { defaultView, restoreView } from "./restoreView";
import { availableTabs } from "./tabs";

/** Something to tell the person: an error until dismissed, news for a moment. */
export interface Message {
  readonly kind: "error" | "info";
  readonly text: string;
}

const newsMs = 4000;
/** The view is stored this long after its last change. */
const storeDelayMs = 250;

export class Model {
  readonly host: Rpc<PageSide, HostSide>;
  readonly state = signal<PageState>({ kind: "opening" });
  readonly message = signal<Message | null>(null);
  readonly keysShown = signal(false);
  readonly sort = signal<{ column: FunctionColumn; descending: boolean }>({ column: "instructions", descending: true });
  readonly zoom = signal<TimeRange | null>(null);
  readonly topRow = signal(0);
  readonly focusedRow = signal(0);
  readonly topEvent = signal(0);
  readonly focusedEvent = signal(0);
  readonly overviewAsTable = signal(false);
  readonly unnamedShown = signal(false);
  readonly inlined = signal(false);
  /** What is searched for among the functions; null: nothing, and its field is not shown. */
  readonly find = signal<string | null>(null);
  /** Counts how often the search was asked for. */
  readonly findRequest = signal(0);
  /** The row that the search went to last. */
  readonly foundRow = signal<number | null>(null);
  /** Set once the stored view is known; nothing is asked before, nothing is stored before. */
  readonly restored = signal(false);
  /** What was searched for when its first hit was shown. */
  private lastFound: string | null = null;
  private readonly history = signal(startHistory(defaultView.selection));

  readonly selection = computed<PageSelection>(() => this.history.value.present);
  /** The trace's summary, or null while there is none. */
  readonly summary = computed(() => (this.state.value.kind === "open" ? this.state.value.summary : null));
  /** Changes whenever answers of the engine may have changed. */
  readonly revision = computed(() => this.summary.value?.revision ?? -1);

  /** The same for trace events: reading executions changes nothing. */
  readonly eventsRevision = computed(() => this.summary.value?.events ?? -1);

  /** The views that have something to show of this trace, and the one that is shown. */
  readonly tabs = computed<readonly PageTab[]>(() => availableTabs(this.summary.value));
  readonly tab = computed<PageTab>(() => {
    const { tab } = this.selection.value;
    return this.tabs.value.includes(tab) ? tab : this.tabs.value[0];
  });

  readonly rows = new FunctionRows((query, abort) => this.host.request("functions", query, abort));
  /** What costs are measured in: the chosen metric where the trace has it. */
  readonly metric = computed<Metric>(() => {
    const wanted = this.selection.value.metric;
    return this.summary.value === null ? wanted : effectiveMetric(wanted, this.summary.value);
  });
  /** The debug information, which tells what was inlined, is there. */
  readonly knowsInlined = computed(() => this.summary.value?.symbols?.hasLines === true);
  readonly rowsQuery = computed<RowsQuery>(() => {
    const { range, filter } = this.selection.value;
    const { column, descending } = this.sort.value;
    const isMissing = column === "instructions" && this.summary.value?.instructionsCounted === false;
    return {
      range,
      filter,
      metric: this.metric.value,
      sort: isMissing ? this.metric.value : column,
      descending,
      inlined: this.inlined.value && this.knowsInlined.value,
    };
  });
  private readonly found = new Latest<RowsQuery & { readonly find: string }, { find: string; hits: Uint32Array }>(
    async (query, abort) => {
      const { hits } = await this.host.request("functions", { ...query, offset: 0, limit: 0 }, abort);
      return { find: query.find, hits };
    },
  );
  /** Rows that hold what is searched for; null: nothing is, or they are not known yet. */
  readonly hits = computed(() => {
    const found = this.found.value.value;
    return found !== null && found.find === this.find.value?.trim() ? found.hits : null;
  });
  readonly phases = new Latest<string, readonly Phase[]>((_query, abort) => this.host.request("phases", null, abort));

  readonly events = new EventRows((query, abort) => this.host.request("events", query, abort));
  /** Names are counted without the name that was picked among them: the others can still be picked. */
  readonly eventNames = new Latest<PageEventNamesQuery, EventNames>((query, abort) =>
    this.host.request("eventNames", query, abort),
  );
  readonly eventsQuery = computed<PageEventNamesQuery>(() => {
    const { range, eventFilter } = this.selection.value;
    return { range, filter: eventFilter };
  });

  constructor() {
    this.host = new Rpc<PageSide, HostSide>(
      (message) => vscodeApi.postMessage(message),
      {},
      {
        state: (state) => {
          this.state.value = state;
        },
        reveal: ({ functionName }) => this.reveal(functionName),
      },
    );
    window.addEventListener("message", (event) => this.host.receive(event.data));
  }

  /** Takes up the view that was left, and from then on stores every change of it. */
  async start(): Promise<void> {
    const kept = vscodeApi.getState();
    const { view } = await this.host.request("ready", null);
    this.restore(restoreView(kept ?? view));
    const store = debounce(() => {
      const current = this.view();
      vscodeApi.setState(current);
      this.host.send("view", current);
    }, storeDelayMs);
    effect(() => {
      this.view();
      store();
    });
    document.addEventListener("visibilitychange", () => store.flush());
    this.follow();
  }

  /** Changes part of the selection, as a new step of the history. */
  select(change: Partial<PageSelection>): void {
    this.history.value = goTo(this.history.value, { ...this.selection.value, ...change }, Date.now());
  }

  back(): void {
    this.history.value = goBack(this.history.value);
  }

  forward(): void {
    this.history.value = goForward(this.history.value);
  }

  /** Sorts by a column; by the same again turns the order around. Numbers start with the largest, texts with A. */
  sortBy(column: FunctionColumn): void {
    const { column: current, descending } = this.sort.value;
    const first = column !== "name" && column !== "source" && column !== "first";
    this.sort.value = { column, descending: column === current ? !descending : first };
  }

  /** Steps out: the search, the range, then the filter of the view, then the zoom. False when there was nothing to leave. */
  stepOut(): boolean {
    const { range } = this.selection.value;
    const field = this.tab.value === "events" ? "eventFilter" : "filter";
    if (this.message.value?.kind === "error") this.message.value = null;
    else if (this.find.value !== null) this.find.value = null;
    else if (range !== null) this.select({ range: null });
    else if (this.selection.value[field] !== "") this.select({ [field]: "" });
    else if (this.zoom.value !== null) this.zoom.value = null;
    else return false;
    return true;
  }

  /** Opens the search of the functions. */
  openFind(): void {
    batch(() => {
      if (this.tab.value !== "functions") this.select({ tab: "functions" });
      if (this.find.value === null) this.lastFound = null;
      this.find.value ??= "";
      this.findRequest.value++;
    });
  }

  /** Goes to the next (1) or previous (-1) row that was found. */
  goToHit(step: 1 | -1): void {
    const row = this.hits.value === null ? null : nextHit(this.hits.value, this.focusedRow.value, step);
    if (row !== null) this.showFound(row);
  }

  private showFound(row: number): void {
    batch(() => {
      this.focusedRow.value = row;
      this.foundRow.value = row;
    });
  }

  /** Runs what a person asked for and shows why it failed, when it does. */
  attempt(action: () => Promise<unknown>): void {
    action().then(undefined, (thrown: unknown) => {
      const { code, message, advice } = toFailure(thrown);
      if (code !== "cancelled") this.message.value = { kind: "error", text: `${message} ${advice}`.trim() };
    });
  }

  /** Asks the engine whenever what is looked at, or the trace, changes. */
  private follow(): void {
    const whileOpen =
      <Q>(query: () => Q) =>
      (): Q | null =>
        this.tabs.value.includes("functions") && this.summary.value !== null ? query() : null;
    const revision = (): number => this.revision.value;
    const eventsRevision = (): number => this.eventsRevision.value;
    const whileShown =
      <Q>(query: () => Q) =>
      (): Q | null =>
        this.summary.value !== null && this.tab.value === "events" ? query() : null;
    follow(
      whileShown(() => this.eventsQuery.value),
      eventsRevision,
      this.events,
    );
    follow(
      whileShown(() => ({ ...this.eventsQuery.value, filter: withPickedName(this.eventsQuery.value.filter, null) })),
      eventsRevision,
      this.eventNames,
    );
    follow(
      whileOpen(() => this.rowsQuery.value),
      revision,
      this.rows,
    );
    follow(
      whileOpen(() => {
        const find = this.find.value?.trim() ?? "";
        return find === "" ? null : { ...this.rowsQuery.value, find };
      }),
      revision,
      this.found,
    );
    // What was just typed is shown at once: the first hit from where one stands.
    effect(() => {
      const hits = this.hits.value;
      untracked(() => {
        if (hits === null || this.find.value === this.lastFound) return;
        this.lastFound = this.find.value;
        const row = nextHit(hits, this.focusedRow.value - 1, 1);
        if (row !== null) this.showFound(row);
      });
    });
    follow(
      whileOpen(() => "phases"),
      revision,
      this.phases,
    );
  }

  /** Tells that something was done. */
  tell(text: string): void {
    const message: Message = { kind: "info", text };
    this.message.value = message;
    setTimeout(() => {
      if (this.message.value === message) this.message.value = null;
    }, newsMs);
  }

  private reveal(functionName: string): void {
    batch(() => {
      this.select({ filter: functionName, tab: "functions" });
      this.focusedRow.value = 0;
      this.topRow.value = 0;
    });
  }

  private view(): PageView {
    const { column, descending } = this.sort.value;
    return {
      selection: { ...this.selection.value, metric: this.metric.value },
      sort: column,
      descending,
      zoom: this.zoom.value,
      topRow: this.topRow.value,
      focusedRow: this.focusedRow.value,
      topEvent: this.topEvent.value,
      focusedEvent: this.focusedEvent.value,
      overviewAsTable: this.overviewAsTable.value,
      unnamedShown: this.unnamedShown.value,
      inlined: this.inlined.value,
    };
  }

  private restore(view: PageView): void {
    batch(() => {
      this.history.value = startHistory(view.selection);
      this.sort.value = { column: view.sort, descending: view.descending };
      this.zoom.value = view.zoom;
      this.topRow.value = view.topRow;
      this.focusedRow.value = view.focusedRow;
      this.topEvent.value = view.topEvent;
      this.focusedEvent.value = view.focusedEvent;
      this.overviewAsTable.value = view.overviewAsTable;
      this.unnamedShown.value = view.unnamedShown;
      this.inlined.value = view.inlined;
      this.restored.value = true;
    });
  }
}
