import { attribute, type Attribution } from "../analysis/attribution";
import type { RowSources } from "../analysis/functionRows";
import { attributeLines, sourcesOf, type LineAttribution } from "../analysis/lineCosts";
import { linkedPlace } from "../analysis/placement";
import { rowFirst } from "../analysis/rowCosts";
import { blockCategories } from "../analysis/timeline";
import type { ImageSymbols, LineTable } from "../symbols/types";
import type { ImageChoice } from "./chooseImage";
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
  #lines: LineTable | null = null;
  #sources: { of: NamedRows; sources: RowSources } | undefined;
  #lineAttribution: { of: NamedRows; lines: LineAttribution } | undefined;

  constructor(
    private readonly scanned: ScannedTrace,
    readonly choice: ImageChoice,
  ) {}

  get image(): ImageSymbols | null {
    return this.choice.chosen?.lease.image ?? null;
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
        image: this.image,
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

  get linesLoaded(): boolean {
    return this.#lines !== null;
  }

  /** Loads the line table, if the image has one. */
  async loadLines(signal?: AbortSignal): Promise<LineTable | null> {
    this.#lines ??= (await this.image?.lines(signal)) ?? null;
    return this.#lines;
  }

  /** Where the rows are defined; all unknown until the lines are loaded. */
  get sources(): RowSources {
    const { rows } = this;
    if (this.#sources?.of !== rows) this.#sources = { of: rows, sources: this.#findSources(rows.attribution) };
    return this.#sources.sources;
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

  /** The lines arrived: sources are known from now on. */
  forgetSources(): void {
    this.#sources = undefined;
  }

  release(): void {
    this.choice.chosen?.lease.release();
  }

  #findSources({ rows }: Attribution): RowSources {
    if (this.#lines === null) return { file: rows.map(() => null), line: new Uint32Array(rows.length), root: "" };
    const addresses = BigUint64Array.from(rows, ({ functionIndex, address }) => (functionIndex < 0 ? 0n : address));
    return sourcesOf(this.#lines, addresses);
  }
}
