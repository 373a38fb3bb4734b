import { attribute, type Attribution } from "../analysis/attribution";
import type { RowSources } from "../analysis/functionRows";
import { attributeLines, sourcesOf, type LineAttribution } from "../analysis/lineCosts";
import { bootPhases, type PhaseSpan } from "../analysis/phases";
import { linkedPlace } from "../analysis/placement";
import { rowFirst } from "../analysis/rowCosts";
import { blockCategories } from "../analysis/timeline";
import type { ImageSymbols, LineTable } from "../symbols/types";
import type { ImageChoice } from "./chooseImage";
import type { NamingRecord } from "./naming";
import type { ScannedTrace } from "./scannedTrace";

/** Rows as the blocks seen so far make them. */
export interface NamedRows {
  readonly attribution: Attribution;
  /** Category per block. */
  readonly category: Uint8Array;
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

  /** What `restore` takes, of a completely read trace; null when there is no image or its lines are not loaded. */
  record(): NamingRecord | null {
    const { chosen } = this.choice;
    if (chosen === null || (chosen.image.facts.hasLines && this.#lines === null)) return null;
    const { path, match, placement } = chosen;
    const { attribution } = this.rows;
    return {
      path,
      facts: chosen.image.facts,
      match,
      placement,
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
   * each time after twice as many bytes, and at its end.
   */
  get rows(): NamedRows {
    const { bytesDone, bytesTotal } = this.scanned.state;
    const due = bytesDone === bytesTotal ? this.#rowsAt < bytesDone : bytesDone >= 2 * this.#rowsAt;
    if (this.#rows === undefined || due) {
      const { file, profile } = this.scanned;
      const attribution = attribute({
        blocks: file.blocks,
        first: profile.first,
        target: file.metadata.target,
        image: this.#image,
        placement: this.choice.chosen?.placement ?? linkedPlace,
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

  release(): void {
    this.choice.chosen?.image.release();
  }

  #findSources({ rows }: Attribution): RowSources {
    if (this.#lines === null) return { file: rows.map(() => null), line: new Uint32Array(rows.length), root: "" };
    const addresses = BigUint64Array.from(rows, ({ functionIndex, address }) => (functionIndex < 0 ? 0n : address));
    return sourcesOf(this.#lines, addresses);
  }
}
