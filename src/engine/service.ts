import { noDebugSources } from "../protocol/debugSources";
import type { EngineMethod, EngineNotice, EngineRequests, SymbolizeQuery, TraceHandle } from "../protocol/engine";
import { BootscopeError, failureText } from "../protocol/failure";
import { unpackOrImport } from "../trace/import/importTrace";
import { costHistory } from "./costHistory";
import { DebugSearch } from "./debugSearch";
import { eventNames, events } from "./eventQueries";
import { exportEvents } from "./exportEvents";
import { chosenCandidates } from "./imageCandidates";
import { Images } from "./images";
import { importedSummary } from "./importedSummary";
import { files, lines } from "./lineQueries";
import { functions, phases, timeline } from "./queries";
import { ResultCache } from "./resultCache";
import type { ScanPool } from "./scanPool";
import { TraceSession } from "./session";
import { inlineChains, symbolize } from "./symbolize";

type Handlers = {
  readonly [M in EngineMethod]: (
    params: EngineRequests[M]["params"],
    signal: AbortSignal,
  ) => Promise<EngineRequests[M]["result"]>;
};

/** The engine itself, whichever way requests reach it: owns the open traces, and answers what is asked about them. */
export class EngineService {
  readonly #sessions = new Map<TraceHandle, TraceSession>();
  readonly #images = new Images();
  #nextHandle = 1;

  /** @param importWorker the bundled importWorker, for imports; without, they happen on the calling thread */
  constructor(
    private readonly pool: ScanPool,
    private readonly notify: (notice: EngineNotice) => void,
    private readonly importWorker?: string,
  ) {}

  /** Answers one request. Rejects with BootscopeError, with AbortError when cancelled, or with a defect's error. */
  async request<M extends EngineMethod>(
    method: M,
    params: EngineRequests[M]["params"],
    signal: AbortSignal,
  ): Promise<EngineRequests[M]["result"]> {
    if (!Object.hasOwn(this.#handlers, method)) {
      throw new BootscopeError("unsupported", `The engine knows no request ${method}.`);
    }
    signal.throwIfAborted();
    const result = await this.#handlers[method](params, signal);
    signal.throwIfAborted();
    return result;
  }

  dispose(): void {
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
    this.pool.dispose();
  }

  readonly #handlers: Handlers = {
    open: async ({ cacheFolder, roots = [], firmware = [], ...options }, signal) => {
      const trace = this.#nextHandle++ as TraceHandle;
      const { pool, notify, importWorker } = this;
      const parts = { pool, images: this.#images, notify, importWorker };
      const cache = new ResultCache(cacheFolder);
      this.#images.keepIn(cache);
      const session = await TraceSession.open(trace, { ...options, roots, firmware }, parts, cache, signal);
      if (signal.aborted) session.close();
      else this.#sessions.set(trace, session);
      return { trace, summary: session.summary };
    },
    close: ({ trace }) => {
      this.#sessions.get(trace)?.close();
      this.#sessions.delete(trace);
      return Promise.resolve(null);
    },
    summary: ({ trace }) => Promise.resolve(this.#session(trace).summary),
    stop: async ({ trace }) => {
      await this.#session(trace).stop();
      return null;
    },
    follow: ({ trace, paused }) => {
      this.#session(trace).pause(paused);
      return Promise.resolve(this.#session(trace).summary);
    },
    settled: ({ trace }) => this.#session(trace).settled(),
    setSymbols: ({ trace, vmlinux, force }) =>
      this.#session(trace).setSymbols(vmlinux === null ? [] : [vmlinux], force),
    functions: (query, signal) => functions(this.#session(query.trace), query, signal),
    timeline: (query, signal) => timeline(this.#session(query.trace), query, signal),
    phases: ({ trace }, signal) => phases(this.#session(trace), signal),
    files: ({ trace }) => files(this.#session(trace)),
    lines: ({ trace, file, range }, signal) => lines(this.#session(trace), file, range, signal),
    costHistory: (query, signal) => costHistory(this.#session(query.trace), query, signal),
    events: (query, signal) => events(this.#session(query.trace), query, signal),
    exportEvents: (params, signal) => exportEvents(this.#session(params.trace), params, signal),
    eventNames: (query, signal) => eventNames(this.#session(query.trace), query, signal),
    symbolize: async (query, signal) =>
      symbolize(this.#images, await this.#symbolsOf(query, signal), query.addresses, signal),
    inlineChains: async (query, signal) =>
      inlineChains(this.#images, await this.#symbolsOf(query, signal), query.addresses, signal),
    import: async ({ path, output, traceEvents }, signal) => {
      const trace = this.#nextHandle++ as TraceHandle;
      const progress = (bytesDone: number, bytesTotal: number): void =>
        this.notify({ kind: "progress", trace, activity: "Importing", bytesDone, bytesTotal });
      const imported = await unpackOrImport(path, output, {
        signal,
        progress,
        importWorker: this.importWorker,
        traceEvents,
      });
      return imported === null ? this.#summaryOf(output, signal) : importedSummary(output);
    },
  };

  /** The file with the debug information of a vmlinux: itself, or what it was split off into. */
  async #symbolsOf({ vmlinux, cacheFolder, debug }: SymbolizeQuery, signal: AbortSignal): Promise<string> {
    const cache = new ResultCache(cacheFolder);
    this.#images.keepIn(cache);
    const trace = this.#nextHandle++ as TraceHandle;
    const search = DebugSearch.of(debug ?? noDebugSources, cache, {
      progress: (bytesDone, bytesTotal) =>
        this.notify({ kind: "progress", trace, activity: "Downloading debug information", bytesDone, bytesTotal }),
      failed: (failure) => this.notify({ kind: "log", level: "warn", text: failureText(failure) }),
    });
    const stop = (): void => search.servers?.stop();
    signal.addEventListener("abort", stop, { once: true });
    try {
      return (await chosenCandidates([vmlinux], search))[0];
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** The summary of a trace without names, read to its end. */
  async #summaryOf(path: string, signal: AbortSignal): Promise<EngineRequests["import"]["result"]> {
    const trace = this.#nextHandle++ as TraceHandle;
    const parts = { pool: this.pool, images: this.#images, notify: () => undefined };
    const options = { path, vmlinux: [], roots: [], firmware: [] };
    const session = await TraceSession.open(trace, options, parts, ResultCache.none, signal);
    const stop = (): void => void session.stop();
    signal.addEventListener("abort", stop, { once: true });
    try {
      return await session.settled();
    } finally {
      signal.removeEventListener("abort", stop);
      session.close();
    }
  }

  #session(trace: TraceHandle): TraceSession {
    const session = this.#sessions.get(trace);
    if (session === undefined) throw new BootscopeError("not-found", "The trace is not open any more.");
    return session;
  }
}
