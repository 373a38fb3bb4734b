import { attribute, type Attribution } from "../analysis/attribution";
import type { RowSources } from "../analysis/functionRows";
import { attributeInlined, type InlinedAttribution } from "../analysis/inlinedFunctions";
import { allInstructions } from "../analysis/instructionAddresses";
import { attributeLines, sourcesOf, type LineAttribution } from "../analysis/lineCosts";
import { bootPhases, type PhaseSpan } from "../analysis/phases";
import { linkedPlace } from "../analysis/placement";
import { rowFirst } from "../analysis/rowCosts";
import { tracedMachine } from "../analysis/regions";
import { blockCategories } from "../analysis/timeline";
import { BootscopeError } from "../protocol/failure";
import type { ImageSymbols, LineTable } from "../symbols/types";
import type { ImageChoice } from "./chooseImage";
import type { NamingRecord } from "./namingRecord";
import type { ScannedTrace } from "./scannedTrace";

/** Rows as the blocks seen so far make them. */
export interface NamedRows {
  readonly attribution: Attribution;
  /** Category per block. */
  readonly category: Uint8Array;
}

/** Keeps what `NamedTrace.inlined` found. */
export interface InlinedStore {
  load(): Promise<InlinedAttribution | null>;
  save(found: InlinedAttribution): Promise<void>;
}

/** A trace together with the image that names its addresses (or none): who owns which cost. */
export class NamedTrace {
  #rows: NamedRows | undefined;
  /** Chunks' bytes that had been read when `#rows` were made. */
  #rowsAt = -1;
  #restored = false;
  #lines: LineTable | null = null;
  #sources: { of: NamedRows; known: boolean; sources: RowSources } | undefined;
  #phases: { of: NamedRows; spans: readonly PhaseSpan[] } | undefined;
  #lineAttribution: { of: NamedRows; lines: LineAttribution } | undefined;
  #inlined: { of: NamedRows; inlined: Promise<InlinedAttribution> } | undefined;
  readonly #released = new AbortController();

  constructor(
    private readonly scanned: ScannedTrace,
    readonly choice: ImageChoice,
  ) {}

  /** As an earlier opening of the completely read trace named it. */
  static restore(
    scanned: ScannedTrace,
    choice: ImageChoice,
    { attribution, sources, phases }: NamingRecord,
  ): NamedTrace {
    const named = new NamedTrace(scanned, choice);
    const rows = { attribution, category: blockCategories(attribution) };
    named.#rows = rows;
    named.#restored = true;
    named.#rowsAt = scanned.state.bytesDone;
    named.#sources = { of: rows, known: true, sources };
    named.#phases = { of: rows, spans: phases };
    return named;
  }

  /** The names come from an earlier opening: nothing is missing that a table of functions shows. */
  get restored(): boolean {
    return this.#restored;
  }

  /**
   * What `restore` takes, of a completely read trace; null when there is no image or its lines are not loaded.
   * @param codeKey tells the files that modules and programs were looked for in
   * @param askAgainAt when to look for missing files again
   */
  record(codeKey: string, askAgainAt: number): NamingRecord | null {
    const { chosen } = this.choice;
    if (chosen === null || (chosen.image.facts.hasLines && this.#lines === null)) return null;
    const { path, match, placement, code } = chosen;
    const { attribution } = this.rows;
    return {
      path,
      facts: { ...chosen.image.facts, problem: chosen.image.problem },
      match,
      placement,
      code,
      codeKey,
      askAgainAt,
      attribution,
      sources: this.sources,
      phases: this.phases,
    };
  }

  get #image(): ImageSymbols | null {
    return this.choice.chosen?.image.whenOpen ?? null;
  }

  /**
   * Rows for the blocks. What low addresses are depends on what ran before them, so rows are made anew as the scan goes on,
   * each time after eight times as many bytes, and at its end.
   */
  get rows(): NamedRows {
    const { bytesDone, bytesTotal } = this.scanned.state;
    const due = bytesDone === bytesTotal ? this.#rowsAt < bytesDone : bytesDone >= 8 * this.#rowsAt;
    if (this.#rows === undefined || due) {
      const { file, profile } = this.scanned;
      const attribution = attribute({
        blocks: file.blocks,
        first: profile.first,
        machine: tracedMachine(file.metadata),
        image: this.#image,
        placement: this.choice.chosen?.placement ?? linkedPlace,
        code: this.choice.chosen?.code ?? null,
        withoutImage:
          this.choice.problem?.code === "wrong-symbols" ? "vmlinux does not belong to the trace" : "no vmlinux",
      });
      this.#rows = { attribution, category: blockCategories(attribution) };
      this.#rowsAt = bytesDone;
    }
    return this.#rows;
  }

  /** When each row ran first; Infinity: never. */
  get first(): Float64Array {
    return rowFirst(this.rows.attribution, this.scanned.profile.first);
  }

  /** Phases of the boot, without their costs. Kept once the trace is read. */
  get phases(): readonly PhaseSpan[] {
    const { rows } = this;
    if (this.#phases?.of === rows) return this.#phases.spans;
    const { file, profile, duration, state } = this.scanned;
    const spans = bootPhases(file.blocks, rows.attribution, profile.first, this.#image, duration);
    if (state.bytesDone === state.bytesTotal) this.#phases = { of: rows, spans };
    return spans;
  }

  /** Loads the line table, if the image has one; opens the image for it. */
  async loadLines(signal?: AbortSignal): Promise<LineTable | null> {
    const image = this.choice.chosen?.image;
    if (this.#lines === null && image?.facts.hasLines === true) {
      this.#lines = await (await image.open()).lines(signal);
    }
    return this.#lines;
  }

  /** Where the rows are defined; all unknown until the lines are loaded or the names restored. */
  get sources(): RowSources {
    const { rows } = this;
    const known = this.#lines !== null;
    if (this.#sources?.of !== rows || (known && !this.#sources.known)) {
      this.#sources = { of: rows, known, sources: this.#findSources(rows.attribution) };
    }
    return this.#sources.sources;
  }

  /** Loads the lines unless the sources are known without them. */
  async loadSources(signal?: AbortSignal): Promise<void> {
    if (!this.#restored) await this.loadLines(signal);
  }

  /** Lines of the blocks, or null when there is no line table. */
  async lineAttribution(): Promise<LineAttribution | null> {
    const table = await this.loadLines();
    if (table === null) return null;
    const { rows } = this;
    if (this.#lineAttribution?.of !== rows) {
      const lines = attributeLines(this.scanned.file.blocks, rows.attribution, table);
      this.#lineAttribution = { of: rows, lines };
    }
    return this.#lineAttribution.lines;
  }

  /**
   * Who owns which cost when inlined code counts for the function that was inlined. Rejects with BootscopeError "no-symbols"
   * where there is no debug information, with AbortError when the trace is closed meanwhile.
   * @param store where an earlier answer may be, and a new one is to be kept
   */
  inlined(store: InlinedStore): Promise<InlinedAttribution> {
    const { rows } = this;
    if (this.#inlined?.of === rows) return this.#inlined.inlined;
    const inlined = this.#loadInlined(rows, store);
    this.#inlined = { of: rows, inlined };
    inlined.catch(() => {
      if (this.#inlined?.inlined === inlined) this.#inlined = undefined;
    });
    return inlined;
  }

  async #loadInlined(rows: NamedRows, store: InlinedStore): Promise<InlinedAttribution> {
    const known = await store.load();
    if (known !== null) return known;
    const found = await this.#attributeInlined(rows);
    await store.save(found);
    return found;
  }

  async #attributeInlined({ attribution }: NamedRows): Promise<InlinedAttribution> {
    const { blocks } = this.scanned.file;
    const { signal } = this.#released;
    const image = await this.choice.chosen?.image.open();
    await this.loadSources(signal);
    const sources = this.#sources?.of.attribution === attribution ? this.sources : this.#findSources(attribution);
    const instructions = allInstructions(blocks, attribution.linkAddress);
    const frames = await image?.inlineFramesMany(instructions.addresses, signal);
    if (frames == null) {
      const message = image?.problem ?? "There is no debug information, which tells what was inlined.";
      throw new BootscopeError("no-symbols", message, "Use the vmlinux of the same build with CONFIG_DEBUG_INFO.");
    }
    return attributeInlined(blocks, attribution, instructions, frames, sources);
  }

  release(): void {
    this.#released.abort();
    this.choice.chosen?.image.release();
  }

  #findSources({ rows }: Attribution): RowSources {
    if (this.#lines === null) return { file: rows.map(() => null), line: new Uint32Array(rows.length), roots: [] };
    const functions = this.#image?.functions;
    const addresses = BigUint64Array.from(rows, ({ functionIndex }) =>
      functionIndex < 0 ? 0n : (functions?.address[functionIndex] ?? 0n),
    );
    return sourcesOf(this.#lines, addresses);
  }
}
