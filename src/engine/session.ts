import { setTimeout } from "node:timers/promises";
import type { InlinedAttribution } from "../analysis/inlinedFunctions";
import type { EngineNotice, TraceHandle, TraceSummary } from "../protocol/engine";
import { noDebugSources, type DebugSources } from "../protocol/debugSources";
import { BootscopeError, failureText, toFailure } from "../protocol/failure";
import { findEventCatalog, type EventCatalog } from "../trace/events/traceEventsFiles";
import type { FollowOptions } from "../trace/import/input/followedFile";
import { followRecording } from "../trace/import/input/followedRecording";
import type { GrowingFile } from "../trace/import/traceFormat";
import { openTraceFile } from "../trace/reader";
import type { TraceFile } from "../trace/types";
import { chooseImage, type ImageChoice } from "./chooseImage";
import { guestFilesOf, withCode, type FoundSources, type GivenFiles, type NamedImage } from "./codeOfTrace";
import { DebugSearch } from "./debugSearch";
import { GrowingTrace } from "./growingTrace";
import { chosenCandidates, ImageCandidates } from "./imageCandidates";
import type { Images } from "./images";
import { findModuleList } from "./moduleList/findModuleList";
import type { ModuleList } from "./moduleList/parseModuleList";
import { NamedTrace } from "./namedTrace";
import { candidatesKey, recordedChoice } from "./naming";
import { noticeThrottle } from "./noticeThrottle";
import type { ResultCache } from "./resultCache";
import { ScannedTrace } from "./scannedTrace";
import type { ScanPool } from "./scanPool";
import { describeSource, importedCopy, type TraceSource } from "./traceSource";
import { emptySummary, summarize } from "./summary";

/** What the sessions of an engine share. */
export interface EngineParts {
  readonly pool: ScanPool;
  readonly images: Images;
  /** The bundled importWorker, for imports; without, they happen on the calling thread. */
  readonly importWorker?: string | undefined;
  notify(notice: EngineNotice): void;
}

export interface SessionOptions extends GivenFiles {
  readonly path: string;
  /** Candidates, best first. */
  readonly vmlinux: readonly string[];
  /** To follow it while it is still being written. */
  readonly follow?: boolean | undefined;
  /** A trace-events file to use instead of one beside the trace. */
  readonly traceEvents?: string | undefined;
  /** Where debug information may be that was split off; absent: where distributions install it. */
  readonly debug?: DebugSources | undefined;
  /** A text in which the guest lists its modules, instead of one that comes with the trace. */
  readonly modules?: string | undefined;
}

/** A trace whose executions can be asked for. */
export interface ReadyTrace {
  readonly scanned: ScannedTrace;
  readonly named: NamedTrace;
}

/** One open trace. Imports and reads it in the background, and tells how far it is. */
export class TraceSession {
  readonly #stop = new AbortController();
  /** Ends an import early, with what it has. */
  readonly #stopImport = new AbortController();
  readonly #throttle = noticeThrottle();
  #ready: ReadyTrace | undefined;
  /** What there is so far of a trace that is being imported or recorded. */
  readonly #growing: GrowingTrace;
  /** `#ready` is of a part of the trace, which is being imported or recorded. */
  #isPart = false;
  #follow: TraceSummary["follow"];
  /** All that was in the file when it was opened is read: from then on there is no progress to tell. */
  #isCaughtUp = false;
  /** `#ready` is of all that there will be. */
  #hasAll = false;
  /** Somebody waits for the trace, so that it is worth to show what there is of it. */
  #wanted = false;
  #importing = false;
  #tellFirstPart = (): void => undefined;
  readonly #firstPart = new Promise<void>((resolve) => (this.#tellFirstPart = resolve));
  /** The names by the best of `#candidates`, those of modules and programs included, unless somebody chose others. */
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
  /** Modules, programs and firmware were looked for. */
  #isCodeNamed = false;
  #stopped = false;
  #closed = false;
  readonly #search: DebugSearch;
  #modules: ModuleList | null = null;
  /** What the names of the trace depend on, besides it. */
  readonly #candidates: ImageCandidates;
  /** What somebody chose instead while the trace was not all there. */
  #given: { readonly candidates: readonly string[]; readonly force: boolean } | undefined;

  private constructor(
    readonly handle: TraceHandle,
    private readonly source: TraceSource,
    private readonly options: SessionOptions,
    private readonly parts: EngineParts,
    private readonly cache: ResultCache,
  ) {
    const progress = (done: number, total: number): void =>
      this.#progress("Downloading debug information", done, total);
    const failed = (failure: BootscopeError): void => this.#log(failureText(failure));
    this.#search = DebugSearch.of(options.debug ?? noDebugSources, cache, { progress, failed });
    this.#candidates = new ImageCandidates(options.vmlinux, this.#search, cache);
    const show = (scanned: ScannedTrace, signal: AbortSignal): Promise<void> => this.#showPart(scanned, signal);
    this.#growing = new GrowingTrace(cache, parts.pool, show, (error) => {
      this.#log(`Nothing more can be shown before the end of the trace: ${toFailure(error).message}`);
    });
    this.#follow = source.live === null ? null : "live";
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
      session.#loaded = session.#growAndLoad();
      session.#loaded.catch(() => undefined); // told by `ready` and `settled`
    } else {
      try {
        await session.#load(options.path, signal);
      } catch (error) {
        session.close();
        throw error;
      }
    }
    session.#settled = session.#loaded.then(() => session.#read()).finally(() => session.#growing.dispose());
    session.#settled.catch(() => undefined); // told by `settled`
    return session;
  }

  get summary(): TraceSummary {
    const { path, format, bytes } = this.source;
    if (this.#ready === undefined)
      return { ...emptySummary(path, bytes, format, this.#revision), follow: this.#follow };
    return summarize({
      path,
      fileBytes: bytes,
      format,
      ...this.#ready,
      attachedImage: this.#candidates.attached,
      firmware: this.#isCodeNamed ? this.options.firmware : [],
      revision: this.#revision,
      complete: this.#complete,
      stopped: this.#stopped,
      growing: this.#isPart,
      follow: this.#follow,
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
    this.#wanted = true;
    this.#growing.paused = this.#follow === "paused";
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
    if (this.#follow === null || this.#follow === "lost") return;
    this.#follow = paused ? "paused" : "live";
    this.#growing.paused = paused || !this.#wanted;
    this.#change();
  }

  /** Ends the import, if that is what goes on, or else the reading; what was done so far stays. */
  stop(): void {
    const { servers } = this.#search;
    if (this.#importing) this.#stopImport.abort();
    // Names can be without what is still to be downloaded; a part of the executions would be less.
    else if (this.#isRead && servers?.isBusy === true) servers.stop();
    else this.#stop.abort();
  }

  close(): void {
    this.#closed = true;
    this.#stop.abort();
    this.#search.servers?.stop();
    void this.#growing.dispose();
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
    const given = { candidates: await chosenCandidates(candidates, this.#search), force };
    // What is shown of it next is named in the same way.
    if (!this.#hasAll) this.#given = given;
    const choice = await chooseImage(this.parts.images, scanned.file, given.candidates, given.force);
    await this.#nameBy(scanned, choice, named);
    if (this.#complete) await this.#nameCode();
    return this.summary;
  }

  /** As `NamedTrace.inlined`; from the cache when a trace that is read to its end was asked before. */
  async inlined(): Promise<InlinedAttribution> {
    const { scanned, named } = await this.ready();
    const { chosen } = named.choice;
    const key = `${this.#candidates.key}\n${chosen === null ? "" : await this.#codeKey(scanned.file, chosen)}`;
    const isKept = this.#complete && !this.#stopped && named === this.#first;
    return named.inlined({
      load: () => (isKept ? this.cache.loadInlined(scanned.file, key) : Promise.resolve(null)),
      save: (found) => (isKept ? this.cache.saveInlined(scanned.file, key, found) : Promise.resolve()),
    });
  }

  async #growAndLoad(): Promise<void> {
    try {
      const path = await (this.source.foreign ? this.#import() : this.#followRecording());
      await this.#growing.end();
      if (this.#follow !== "lost") this.#follow = null;
      await this.#load(path, this.#stop.signal);
    } catch (error) {
      await this.#growing.end();
      this.#ready?.named.release();
      this.#ready = undefined;
      throw error;
    }
  }

  /** Imports a foreign trace unless the cache has it; answers the path of the .bst. */
  async #import(): Promise<string> {
    const progress = (done: number, total: number): void => {
      if (!this.#isCaughtUp) this.#progress("Importing", done, total);
      this.#isCaughtUp ||= this.source.live === "file" && done >= total;
    };
    const { importWorker } = this.parts;
    const { traceEvents } = this.options;
    const { signal } = this.#stop;
    const stop = this.#stopImport.signal;
    const onGrown = (file: GrowingFile): void => this.#growing.grown(file);
    const follow = this.source.live === "file" ? this.#followOptions() : undefined;
    this.#importing = true;
    try {
      const options = { signal, stop, progress, onGrown, follow, importWorker, traceEvents };
      return await importedCopy(this.source, this.cache, options);
    } catch (error) {
      if (!signal.aborted && !(stop.aborted && error instanceof Error && error.name === "AbortError")) throw error;
      throw new BootscopeError("cancelled", "The import was cancelled before anything was found.", "", {
        cause: error,
      });
    } finally {
      this.#importing = false;
    }
  }

  /** Shows a recording as it grows, until it ends; answers its path. */
  async #followRecording(): Promise<string> {
    const { path } = this.source;
    const growing = { path, isPassing: false, tail: () => Promise.resolve(null) };
    const stop = this.#stopImport.signal;
    const signal = AbortSignal.any([this.#stop.signal, stop]);
    this.#importing = true;
    try {
      await followRecording(path, this.#followOptions(), () => this.#growing.grown(growing), signal);
    } catch (error) {
      if (!stop.aborted || this.#stop.signal.aborted) throw error;
    } finally {
      this.#importing = false;
    }
    return path;
  }

  #followOptions(): FollowOptions {
    return { isPaused: () => this.#follow === "paused", onLost: () => (this.#follow = "lost") };
  }

  async #load(path: string, signal: AbortSignal): Promise<void> {
    const file = await openTraceFile(path, { signal });
    const scanned = new ScannedTrace(file, this.parts.pool);
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
    this.#modules = await this.#findModules(file);
    const candidates = await this.#candidates.findFor(file);
    const restored = record === null || this.#given !== undefined ? null : await this.#restoreNames(scanned);
    const named = restored ?? new NamedTrace(scanned, await this.#choose(file, candidates));
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
    const candidates = await this.#candidates.refresh(scanned.file);
    const named = new NamedTrace(scanned, await this.#choose(scanned.file, candidates));
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
  }

  #choose(file: TraceFile, found: readonly string[]): Promise<ImageChoice> {
    const { candidates, force } = this.#given ?? { candidates: found, force: false };
    return chooseImage(this.parts.images, file, candidates, force);
  }

  /** Reads executions and lines; tells the end of it. */
  async #read(): Promise<void> {
    const { scanned, named } = await this.whole();
    // Threads read chunks while this one reads the lines: let them have their next chunk.
    const lines = setTimeout(0).then(() => this.#loadLines(named));
    const [renamed] = await Promise.all([this.#download({ scanned, named }), this.#scanning, lines]);
    this.#complete = true;
    this.#change();
    const saved = this.#saveScan();
    const isChoice = this.#ready?.named === renamed && !named.restored && this.#given === undefined;
    if (!named.restored) await this.#nameCode();
    this.#isCodeNamed = true;
    if (this.options.firmware.length > 0) this.#change();
    if (isChoice) {
      const ready = await this.whole();
      this.#first = ready.named;
      await this.#saveNames(ready);
    }
    await saved;
  }

  /** Gets the kernel's debug information from servers, where that was asked for; answers the names by what is there then. */
  async #download({ scanned, named }: ReadyTrace): Promise<NamedTrace> {
    if (named.restored) return named;
    const { isNew, problem } = await this.#candidates.download(scanned.file, named.choice);
    if (!isNew && problem === named.choice.problem) return named;
    const { paths } = this.#candidates;
    const found = isNew ? await chooseImage(this.parts.images, scanned.file, paths, false) : named.choice;
    return this.#nameBy(scanned, found.chosen === null ? { ...found, problem } : found, named);
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

  /** Names modules and programs too. What goes wrong with their files costs their names, and is told in the log. */
  async #nameCode(): Promise<void> {
    const ready = this.#ready;
    const chosen = ready?.named.choice.chosen ?? null;
    if (ready === undefined || chosen === null || chosen.code !== null || this.#stopped || this.#closed) return;
    const { scanned, named } = ready;
    const { signal } = this.#stop;
    try {
      const files = await guestFilesOf(scanned.file, chosen, this.options, this.#found, this.cache);
      if (files === null) return;
      this.#progress("Naming modules and programs", 0, 1);
      const all = await withCode(chosen, scanned, files, this.parts.images, signal);
      if (all === chosen) return;
      await this.#nameBy(scanned, { chosen: all, problem: null }, named);
    } catch (error) {
      if (!signal.aborted) this.#log(`Modules and programs have no names: ${toFailure(error).message}`);
    } finally {
      this.#progress("Naming modules and programs", 1, 1);
    }
  }

  /** The names that an earlier opening found, when the candidates are still the same. */
  async #restoreNames(scanned: ScannedTrace): Promise<NamedTrace | null> {
    const record = await this.cache.loadNaming(scanned.file, this.#candidates.key);
    if (record === null || record.askAgainAt < Date.now()) return null;
    if ((await this.#codeKey(scanned.file, { path: record.path, image: { facts: record.facts } })) !== record.codeKey)
      return null;
    const choice = await recordedChoice(record, this.parts.images).catch(() => null);
    return choice === null ? null : NamedTrace.restore(scanned, choice, record);
  }

  async #saveNames({ scanned, named }: ReadyTrace): Promise<void> {
    if (this.#stopped || this.#closed || !this.cache.keeps) return;
    const { paths, key } = this.#candidates;
    const { chosen } = named.choice;
    if (chosen === null) return;
    const askAgainAt = this.#search.servers?.state.askAgainAt ?? Infinity;
    const record = named.record(await this.#codeKey(scanned.file, chosen), askAgainAt);
    if (record !== null && (await candidatesKey(paths)) === key) await this.cache.saveNaming(scanned.file, key, record);
  }

  /** What was given has to be there; what merely lies beside the trace may be of no use, which is told in the log. */
  async #findModules(file: TraceFile): Promise<ModuleList | null> {
    const { modules } = this.options;
    try {
      return await findModuleList(this.source.path, file, modules);
    } catch (error) {
      if (modules !== undefined || !(error instanceof BootscopeError)) throw error;
      this.#log(failureText(error));
      return null;
    }
  }

  get #found(): FoundSources {
    return { search: this.#search, modules: this.#modules };
  }

  async #codeKey(file: TraceFile, chosen: NamedImage): Promise<string> {
    return (await (await guestFilesOf(file, chosen, this.options, this.#found, this.cache))?.key()) ?? "";
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
    if (scanned !== undefined && !this.#closed) await this.cache.saveScan(scanned.file, scanned.record());
  }

  /** Without its lines a trace still has names: what is wrong with them is worth a line in the log, not a failure. */
  async #loadLines(named: NamedTrace): Promise<void> {
    try {
      if (named.restored) return;
      if ((await named.loadLines(this.#stop.signal)) !== null) this.#change();
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#log(`No lines: ${toFailure(error).message}`);
    }
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
