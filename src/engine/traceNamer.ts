import type { FoundCode } from "../analysis/guestCode";
import { noDebugSources, type DebugSources } from "../protocol/debugSources";
import { BootscopeError, failureText, toFailure } from "../protocol/failure";
import type { TraceFile } from "../trace/types";
import { chooseImage, type ChosenImage, type ImageChoice } from "./chooseImage";
import { guestFilesOf, joinCode, withCode, type FoundSources, type GivenFiles, type NamedImage } from "./codeOfTrace";
import { DebugSearch } from "./debugSearch";
import { findCode } from "./guestCode";
import { chosenCandidates, ImageCandidates } from "./imageCandidates";
import type { Images } from "./images";
import { findModuleList } from "./moduleList/findModuleList";
import type { ModuleList } from "./moduleList/parseModuleList";
import { NamedTrace } from "./namedTrace";
import { candidatesKey, recordedChoice } from "./naming";
import type { ResultCache } from "./resultCache";
import type { ScannedTrace } from "./scannedTrace";

/** Where names may come from. */
export interface NameSources extends GivenFiles {
  /** Candidates, best first. */
  readonly vmlinux: readonly string[];
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

/** Images that somebody chose instead of those that are found. */
export interface GivenImages {
  readonly candidates: readonly string[];
  /** Use the first even if it does not belong to the trace. */
  readonly force: boolean;
}

/** Modules and programs that were found in a part of a trace. */
interface CodeSoFar {
  /** The kernel's image. */
  readonly path: string;
  readonly code: FoundCode;
  /** Of the part's blocks. */
  readonly addresses: BigUint64Array;
}

export interface NamerParts {
  readonly images: Images;
  readonly cache: ResultCache;
  progress(activity: string, done: number, total: number): void;
  log(text: string): void;
}

/** Finds what names the addresses of one trace: the kernel's image, modules and programs, anew or as an earlier opening did. */
export class TraceNamer {
  /** What somebody chose while the trace was not all there: all that comes of it is named so. */
  given: GivenImages | undefined;
  readonly #search: DebugSearch;
  /** What the names of the trace depend on, besides it. */
  readonly #candidates: ImageCandidates;
  #modules: ModuleList | null = null;
  #codeSoFar: CodeSoFar | null = null;

  /** @param path of the trace, beside which things are looked for */
  constructor(
    private readonly path: string,
    private readonly sources: NameSources,
    private readonly parts: NamerParts,
  ) {
    const progress = (done: number, total: number): void =>
      parts.progress("Downloading debug information", done, total);
    const failed = (failure: BootscopeError): void => parts.log(failureText(failure));
    this.#search = DebugSearch.of(sources.debug ?? noDebugSources, parts.cache, { progress, failed });
    this.#candidates = new ImageCandidates(sources.vmlinux, this.#search, parts.cache);
  }

  /** Where the symbols are that the trace brings along; null when it has none. */
  get attached(): string | null {
    return this.#candidates.attached;
  }

  /** Something is being downloaded. */
  get isDownloading(): boolean {
    return this.#search.servers?.isBusy === true;
  }

  stopDownloads(): void {
    this.#search.servers?.stop();
  }

  /** Looks for candidates, and for the guest's modules. Rejects when a list of modules that was given is of no use. */
  async look(file: TraceFile): Promise<void> {
    this.#modules = await this.#findModules(file);
    await this.#candidates.findFor(file);
  }

  /** Looks for candidates again. */
  async refresh(file: TraceFile): Promise<void> {
    await this.#candidates.refresh(file);
  }

  /** What somebody chose, with its debug information. */
  async resolve(candidates: readonly string[], force: boolean): Promise<GivenImages> {
    return { candidates: await chosenCandidates(candidates, this.#search), force };
  }

  /** The best of what was given, or else of what was found. */
  choose(file: TraceFile, given: GivenImages | undefined = this.given): Promise<ImageChoice> {
    const { candidates, force } = given ?? { candidates: this.#candidates.paths, force: false };
    return chooseImage(this.parts.images, file, candidates, force);
  }

  /** As `choose`, with the modules and programs that were found while the trace grew, which the whole of it may correct. */
  async chooseSoFar(file: TraceFile): Promise<ImageChoice> {
    const choice = await this.choose(file);
    const { chosen } = choice;
    const soFar = this.#codeSoFar;
    if (chosen === null || soFar?.path !== chosen.path || !isOfSameBlocks(soFar, file)) return choice;
    try {
      const joined = await joinCode(chosen, soFar.code, this.parts.images);
      chosen.image.release();
      return { ...choice, chosen: joined };
    } catch {
      return choice; // a file of theirs is gone: the next search will tell
    }
  }

  /** Looks for modules and programs in a part of the trace, for `chooseSoFar`. Answers whether there are any. */
  async findCodeSoFar(scanned: ScannedTrace, signal: AbortSignal): Promise<boolean> {
    const { file } = scanned;
    const { chosen } = await this.choose(file);
    if (chosen === null) return false;
    try {
      this.#modules ??= await this.#findModules(file);
      const files = await guestFilesOf(file, chosen, this.sources, this.#found, this.parts.cache);
      const code = files && (await findCode(scanned, chosen, files, this.parts.images, signal));
      this.#codeSoFar = code && { path: chosen.path, code, addresses: file.blocks.address };
      return code !== null;
    } finally {
      chosen.image.release();
    }
  }

  /** Gets the kernel's debug information from servers, where that was asked for; null: that changes nothing. */
  async download({ scanned, named }: ReadyTrace): Promise<ImageChoice | null> {
    const { isNew, problem } = await this.#candidates.download(scanned.file, named.choice);
    if (!isNew && problem === named.choice.problem) return null;
    const { paths } = this.#candidates;
    const found = isNew ? await chooseImage(this.parts.images, scanned.file, paths, false) : named.choice;
    return found.chosen === null ? { ...found, problem } : found;
  }

  /**
   * Finds the modules and programs of a completely read trace. What goes wrong with their files costs their names, and is told
   * in the log.
   * @param use is given the choice that names them too, if there are any
   */
  async nameCode(
    { scanned, named }: ReadyTrace,
    signal: AbortSignal,
    use: (choice: ImageChoice) => Promise<unknown>,
  ): Promise<void> {
    const { chosen } = named.choice;
    const isSoFar = chosen !== null && chosen.code !== null && chosen.code === this.#codeSoFar?.code;
    if (chosen === null || (chosen.code !== null && !isSoFar)) return;
    const activity = "Naming modules and programs";
    try {
      const kernel = isSoFar ? (await this.choose(scanned.file)).chosen : chosen;
      if (kernel === null) return;
      const all = await this.#withCode(scanned, kernel, signal, () => this.parts.progress(activity, 0, 1)).finally(
        () => {
          if (isSoFar) kernel.image.release();
        },
      );
      if (all !== kernel) await use({ chosen: all, problem: null });
    } catch (error) {
      if (!signal.aborted) this.parts.log(`Modules and programs have no names: ${toFailure(error).message}`);
    } finally {
      this.parts.progress(activity, 1, 1);
    }
  }

  /** The names that an earlier opening found, when the candidates are still the same and nothing else was given. */
  async restore(scanned: ScannedTrace): Promise<NamedTrace | null> {
    if (this.given !== undefined) return null;
    const record = await this.parts.cache.loadNaming(scanned.file, this.#candidates.key);
    if (record === null || record.askAgainAt < Date.now()) return null;
    if ((await this.#codeKey(scanned.file, { path: record.path, image: { facts: record.facts } })) !== record.codeKey)
      return null;
    const choice = await recordedChoice(record, this.parts.images).catch(() => null);
    return choice === null ? null : NamedTrace.restore(scanned, choice, record);
  }

  /** Keeps names for the next opening, unless what they depend on was changed meanwhile. */
  async save({ scanned, named }: ReadyTrace): Promise<void> {
    const { cache } = this.parts;
    const { paths, key } = this.#candidates;
    const { chosen } = named.choice;
    if (!cache.keeps || chosen === null) return;
    const askAgainAt = this.#search.servers?.state.askAgainAt ?? Infinity;
    const record = named.record(await this.#codeKey(scanned.file, chosen), askAgainAt);
    if (record !== null && (await candidatesKey(paths)) === key) await cache.saveNaming(scanned.file, key, record);
  }

  /** Tells what the names of inlined functions depend on from anything else. */
  async inlinedKey({ scanned, named }: ReadyTrace): Promise<string> {
    const { chosen } = named.choice;
    return `${this.#candidates.key}\n${chosen === null ? "" : await this.#codeKey(scanned.file, chosen)}`;
  }

  /** What was given has to be there; what merely lies beside the trace may be of no use, which is told in the log. */
  async #findModules(file: TraceFile): Promise<ModuleList | null> {
    const { modules } = this.sources;
    try {
      return await findModuleList(this.path, file, modules);
    } catch (error) {
      if (modules !== undefined || !(error instanceof BootscopeError)) throw error;
      this.parts.log(failureText(error));
      return null;
    }
  }

  async #withCode(scanned: ScannedTrace, kernel: ChosenImage, signal: AbortSignal, onFiles: () => void) {
    const files = await guestFilesOf(scanned.file, kernel, this.sources, this.#found, this.parts.cache);
    if (files === null) return kernel;
    onFiles();
    return withCode(kernel, scanned, files, this.parts.images, signal);
  }

  get #found(): FoundSources {
    return { search: this.#search, modules: this.#modules };
  }

  async #codeKey(file: TraceFile, chosen: NamedImage): Promise<string> {
    return (await (await guestFilesOf(file, chosen, this.sources, this.#found, this.parts.cache))?.key()) ?? "";
  }
}

/** An import that was done once more may have numbered its blocks in another order. */
function isOfSameBlocks({ addresses, code }: CodeSoFar, { blocks }: TraceFile): boolean {
  return code.owner.every((owner, block) => owner < 0 || blocks.address[block] === addresses[block]);
}
