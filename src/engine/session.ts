import { setTimeout } from "node:timers/promises";
import type { InlinedAttribution } from "../analysis/inlinedFunctions";
import type { EngineNotice, TraceHandle, TraceSummary } from "../protocol/engine";
import { BootscopeError, toFailure } from "../protocol/failure";
import { findEventCatalog, type EventCatalog } from "../trace/events/traceEventsFiles";
import { openTraceFile } from "../trace/reader";
import type { ImageChoice } from "./chooseImage";
import { GrowingNames } from "./growingNames";
import type { Images } from "./images";
import { IncomingTrace } from "./incomingTrace";
import { NamedTrace } from "./namedTrace";
import { noticeThrottle } from "./noticeThrottle";
import type { ResultCache } from "./resultCache";
import type { ScannedTrace } from "./scannedTrace";
import type { ScanPool } from "./scanPool";
import { emptySummary, summarize } from "./summary";
import { TraceNamer, type NameSources, type ReadyTrace } from "./traceNamer";
import { describeSource, type TraceSource } from "./traceSource";

/** What the sessions of an engine share. */
export interface EngineParts {
  readonly pool: ScanPool;
  readonly images: Images;
  /** The bundled importWorker, for imports; without, they happen on the calling thread. */
  readonly importWorker?: string | undefined;
  notify(notice: EngineNotice): void;
}

export interface SessionOptions extends NameSources {
  readonly path: string;
  /** To follow it while it is still being written. */
  readonly follow?: boolean | undefined;
  /** A trace-events file to use instead of one beside the trace. */
  readonly traceEvents?: string | undefined;
}

/** One open trace. Imports and reads it in the background, and tells how far it is. */
export class TraceSession {
  readonly #stop = new AbortController();
  readonly #throttle = noticeThrottle();
  #ready: ReadyTrace | undefined;
  readonly #incoming: IncomingTrace;
  readonly #namer: TraceNamer;
  readonly #growingNames = new GrowingNames((scanned, signal) => this.#nameCodeSoFar(scanned, signal));
  /** `#ready` is of a part of the trace, which is being imported or recorded. */
  #isPart = false;
  /** `#ready` is of all that there will be. */
  #hasAll = false;
  #tellFirstPart = (): void => undefined;
  readonly #firstPart = new Promise<void>((resolve) => (this.#tellFirstPart = resolve));
  /** The names by the best that was found, those of modules and programs included, unless somebody chose others. */
  #first: NamedTrace | undefined;
  /** Resolves when `#ready` is there; rejects when it will never be. */
  #loaded: Promise<void> = Promise.resolve();
  #settled: Promise<void> = Promise.resolve();
  #revision = 1;
  #scanning: Promise<void> = Promise.resolve();
  #tellLoaded = (): void => undefined;
  /** A scan that is not in the cache yet. */
  #unsaved: ScannedTrace | undefined;
  /** All executions are counted. */
  #isRead = false;
  #complete = false;
  /** How many things go on in the background; the first is the opening itself. */
  #going = 1;
  /** Modules, programs and firmware were looked for. */
  #isCodeNamed = false;
  #stopped = false;
  #closed = false;

  private constructor(
    readonly handle: TraceHandle,
    private readonly source: TraceSource,
    private readonly options: SessionOptions,
    private readonly parts: EngineParts,
    private readonly cache: ResultCache,
  ) {
    const { images, pool, importWorker } = parts;
    const log = (text: string): void => this.#log(text);
    this.#namer = new TraceNamer(source.path, options, {
      images,
      cache,
      progress: (activity, done, total) => this.#progress(activity, done, total),
      log,
    });
    this.#incoming = new IncomingTrace(source, {
      cache,
      pool,
      importWorker,
      traceEvents: options.traceEvents,
      show: (scanned, signal) => this.#showPart(scanned, signal),
      progress: (done, total) => this.#progress("Importing", done, total),
      log,
    });
  }

  /**
   * Opens a trace. A .bst is open when its head, blocks and symbols are read; of a foreign file only the format is known by
   * then. Everything else goes on in the background: see `settled`.
   */
  static async open(
    handle: TraceHandle,
    options: SessionOptions,
    parts: EngineParts,
    cache: ResultCache,
    signal: AbortSignal,
  ): Promise<TraceSession> {
    const source = await describeSource(options.path, options.follow === true);
    const session = new TraceSession(handle, source, options, parts, cache);
    if (source.foreign || source.live !== null) {
      session.#loaded = session.#bringInAndLoad();
      session.#loaded.catch(() => undefined); // told by `ready` and `settled`
    } else {
      try {
        await session.#load(options.path, signal);
      } catch (error) {
        session.close();
        throw error;
      }
    }
    session.#settled = session.#loaded
      .then(() => session.#read())
      .finally(() => session.#incoming.dispose())
      .finally(() => session.#goneOn());
    session.#settled.catch(() => undefined); // told by `settled`
    return session;
  }

  get summary(): TraceSummary {
    const { path, format, bytes } = this.source;
    const { follow } = this.#incoming;
    if (this.#ready === undefined) return { ...emptySummary(path, bytes, format, this.#revision), follow };
    return summarize({
      path,
      fileBytes: bytes,
      format,
      ...this.#ready,
      attachedImage: this.#namer.attached,
      firmware: this.#isCodeNamed ? this.options.firmware : [],
      revision: this.#revision,
      complete: this.#complete,
      settled: this.#going === 0,
      stopped: this.#stopped,
      growing: this.#isPart,
      follow,
    });
  }

  get revision(): number {
    return this.#revision;
  }

  get complete(): boolean {
    return this.#complete;
  }

  /** The trace, or what there is of it while it is imported. Rejects with what went wrong before. */
  async ready(): Promise<ReadyTrace> {
    this.#incoming.want();
    await Promise.race([this.#loaded, this.#firstPart]);
    return this.#ready ?? this.whole();
  }

  /** As `ready`, once all of it is imported. */
  async whole(): Promise<ReadyTrace> {
    await this.#loaded;
    if (this.#ready === undefined || this.#closed) throw new BootscopeError("not-found", "The trace was closed.");
    return this.#ready;
  }

  /** Waits until nothing goes on in the background any more. */
  async settled(): Promise<TraceSummary> {
    await this.#settled;
    return this.summary;
  }

  /** Leaves what is shown of a trace that is being written as it is, or goes on with it. */
  pause(paused: boolean): void {
    if (this.#incoming.pause(paused)) this.#change();
  }

  /**
   * Ends the import, if that is what goes on, or else the reading; what was done so far stays. Resolves when nothing is imported
   * any more: what was is read, named and shown after that.
   */
  async stop(): Promise<void> {
    const ending = this.#incoming.stop();
    if (ending !== null) {
      await ending;
      return;
    }
    // Names can be without what is still to be downloaded; a part of the executions would be less.
    if (this.#isRead && this.#namer.isDownloading) this.#namer.stopDownloads();
    else this.#stop.abort();
  }

  close(): void {
    this.#closed = true;
    this.#stop.abort();
    this.#namer.stopDownloads();
    void this.#incoming.dispose();
    void this.#growingNames.end();
    this.#ready?.named.release();
    this.#ready = undefined;
  }

  /** What is known of events that the trace itself does not describe. Rejects with `not-found` when a file that was given is not there. */
  eventCatalog(): Promise<EventCatalog> {
    return findEventCatalog(this.source.path, this.options.traceEvents);
  }

  /** Names addresses by another image. Without one that fits, the trace has no names, and the summary says why. */
  async setSymbols(candidates: readonly string[], force: boolean): Promise<TraceSummary> {
    const { scanned, named } = await this.ready();
    const given = await this.#namer.resolve(candidates, force);
    // What is shown of it next is named in the same way.
    if (!this.#hasAll) this.#namer.given = given;
    const choice = await this.#namer.choose(scanned.file, given);
    this.#going++;
    try {
      await this.#nameBy(scanned, choice, named);
      if (this.#complete) await this.#nameCode();
    } finally {
      this.#goneOn();
    }
    return this.summary;
  }

  /** As `NamedTrace.inlined`; from the cache when a trace that is read to its end was asked before. */
  async inlined(): Promise<InlinedAttribution> {
    const ready = await this.ready();
    const { scanned, named } = ready;
    const key = await this.#namer.inlinedKey(ready);
    const isKept = this.#complete && !this.#stopped && named === this.#first;
    return named.inlined({
      load: () => (isKept ? this.cache.loadInlined(scanned.file, key) : Promise.resolve(null)),
      save: (found) => (isKept ? this.cache.saveInlined(scanned.file, key, found) : Promise.resolve()),
    });
  }

  async #bringInAndLoad(): Promise<void> {
    const { signal } = this.#stop;
    try {
      const path = await this.#incoming.whole(signal);
      await this.#growingNames.end();
      await this.#load(path, signal);
    } catch (error) {
      await this.#growingNames.end();
      const ready = this.#ready;
      if (this.#incoming.isGone && ready !== undefined) {
        // There is nothing to read it from again: what was shown is what there is.
        ready.scanned.leaveFile();
        return;
      }
      ready?.named.release();
      this.#ready = undefined;
      throw error;
    }
  }

  async #load(path: string, signal: AbortSignal): Promise<void> {
    const file = await openTraceFile(path, { signal });
    const scanned = this.#incoming.toScan(file);
    const record = await this.cache.loadScan(file);
    if (record !== null) {
      scanned.restore(record);
      this.#isRead = true;
    } else if (this.#isPart) {
      // What is shown of the growing trace stays until all of it is counted: no number goes back.
      await this.#scan(scanned);
    } else {
      // Threads can begin while this one reads the symbols.
      this.#scanning = this.#scan(scanned, new Promise((resolve) => (this.#tellLoaded = resolve)));
      this.#scanning.catch(() => undefined); // told by `settled`
    }
    await this.#namer.look(file);
    const restored = record === null ? null : await this.#namer.restore(scanned);
    const named = restored ?? new NamedTrace(scanned, await this.#namer.chooseSoFar(file));
    if (this.#closed) {
      named.release();
      return;
    }
    this.#ready?.named.release();
    this.#ready = { scanned, named };
    this.#isPart = false;
    this.#hasAll = true;
    this.#first = restored ?? undefined;
    this.#complete = record !== null;
    this.#tellLoaded();
    this.#change();
  }

  /** Shows what there is of a trace that is being imported, in place of what there was before. */
  async #showPart(scanned: ScannedTrace, signal: AbortSignal): Promise<void> {
    await this.#namer.refresh(scanned.file);
    const named = new NamedTrace(scanned, await this.#namer.chooseSoFar(scanned.file));
    await this.#loadLines(named);
    if (signal.aborted || this.#closed) {
      named.release();
      return;
    }
    this.#ready?.named.release();
    this.#ready = { scanned, named };
    this.#isPart = true;
    this.#tellFirstPart();
    this.#change();
    this.#growingNames.grown(scanned);
  }

  /** Finds modules and programs in a part, and names what is shown by them. */
  async #nameCodeSoFar(part: ScannedTrace, signal: AbortSignal): Promise<void> {
    try {
      if (!(await this.#namer.findCodeSoFar(part, signal))) return;
      const ready = this.#ready;
      if (ready === undefined || signal.aborted) return;
      await this.#nameBy(ready.scanned, await this.#namer.chooseSoFar(ready.scanned.file), ready.named);
    } catch (error) {
      if (!signal.aborted) this.#log(`Modules and programs have no names yet: ${toFailure(error).message}`);
    }
  }

  /** Reads executions and lines; tells the end of it. */
  async #read(): Promise<void> {
    const { scanned, named } = await this.whole();
    if (this.#incoming.isGone) {
      this.#complete = true;
      return;
    }
    // Threads read chunks while this one reads the lines: let them have their next chunk.
    const lines = setTimeout(0).then(() => this.#loadLines(named));
    const [renamed] = await Promise.all([this.#download({ scanned, named }), this.#scanning, lines]);
    this.#complete = true;
    if (!named.restored) this.#change();
    const saved = this.#saveScan();
    const isChoice = this.#ready?.named === renamed && !named.restored && this.#namer.given === undefined;
    if (!named.restored) await this.#nameCode();
    this.#isCodeNamed = true;
    if (isChoice) {
      const ready = await this.whole();
      this.#first = ready.named;
      if (!this.#stopped && !this.#closed && this.#incoming.isFoundAgain) await this.#namer.save(ready);
    }
    await saved;
  }

  /** Names it by what servers have, where that was asked for; answers the names by what is there then. */
  async #download(ready: ReadyTrace): Promise<NamedTrace> {
    const { scanned, named } = ready;
    const choice = named.restored ? null : await this.#namer.download(ready);
    return choice === null ? named : this.#nameBy(scanned, choice, named);
  }

  /** Puts the names by a choice in place of others, unless those were replaced meanwhile; answers which they are. */
  async #nameBy(scanned: ScannedTrace, choice: ImageChoice, instead: NamedTrace): Promise<NamedTrace> {
    const renamed = new NamedTrace(scanned, choice);
    await this.#loadLines(renamed);
    if (this.#ready?.named !== instead) {
      renamed.release();
      return instead;
    }
    this.#ready = { scanned, named: renamed };
    instead.release();
    this.#change();
    return renamed;
  }

  /** Names modules and programs too. */
  async #nameCode(): Promise<void> {
    const ready = this.#ready;
    if (ready === undefined || this.#stopped || this.#closed) return;
    await this.#namer.nameCode(ready, this.#stop.signal, (choice) => this.#nameBy(ready.scanned, choice, ready.named));
  }

  /** @param loaded until then symbols are read, and nobody knows of the trace yet */
  async #scan(scanned: ScannedTrace, loaded?: Promise<void>): Promise<void> {
    const onProgress = (): void => {
      if (this.#ready === undefined) return;
      const { bytesDone, bytesTotal } = scanned.state;
      this.#progress("Reading", bytesDone, bytesTotal);
      this.#throttle("changed", () => this.#change());
    };
    try {
      await scanned.scan(this.#stop.signal, onProgress, loaded);
      this.#isRead = true;
      this.#unsaved = scanned;
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
      this.#isRead = true;
      this.#stopped = true;
    }
  }

  async #saveScan(): Promise<void> {
    const scanned = this.#unsaved;
    this.#unsaved = undefined;
    if (scanned !== undefined && !this.#closed && this.#incoming.isFoundAgain)
      await this.cache.saveScan(scanned.file, scanned.record());
  }

  /** Without its lines a trace still has names: what is wrong with them is worth a line in the log, not a failure. */
  async #loadLines(named: NamedTrace): Promise<void> {
    try {
      if (named.restored) return;
      const lines = await named.loadLines(this.#stop.signal);
      if (lines !== null || (named.choice.chosen?.image.problem ?? null) !== null) this.#change();
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#log(`No lines: ${toFailure(error).message}`);
    }
  }

  /** One of the things that went on is over. */
  #goneOn(): void {
    this.#going--;
    this.#change();
  }

  #change(): void {
    this.#revision++;
    if (!this.#closed && this.#ready !== undefined) {
      this.parts.notify({ kind: "changed", trace: this.handle, summary: this.summary });
    }
  }

  #progress(activity: string, bytesDone: number, bytesTotal: number): void {
    if (this.#closed) return;
    const notice: EngineNotice = { kind: "progress", trace: this.handle, activity, bytesDone, bytesTotal };
    if (bytesDone >= bytesTotal) this.parts.notify(notice);
    else this.#throttle(activity, () => this.parts.notify(notice));
  }

  #log(text: string): void {
    this.parts.notify({ kind: "log", level: "warn", text });
  }
}
