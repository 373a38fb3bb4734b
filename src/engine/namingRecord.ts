import type { Attribution } from "../analysis/attribution";
import type { RowSources } from "../analysis/functionRows";
import type { FoundCode } from "../analysis/guestCode";
import type { PhaseSpan } from "../analysis/phases";
import type { Placement } from "../analysis/placement";
import type { SymbolsMatch } from "../protocol/engine";
import type { ImageSymbols } from "../symbols/types";

/** What is told of an image without opening it. */
export interface ImageFacts {
  readonly buildId: string | null;
  readonly banner: string | null;
  readonly machine: ImageSymbols["machine"];
  /** How many functions its symbol table has. */
  readonly functions: number;
  readonly hasLines: boolean;
  /** As `ImageSymbols.problem`. */
  readonly problem: string | null;
}

/** What naming a completely read trace came to: all that the table of functions, the timeline and the phases need. */
export interface NamingRecord {
  readonly path: string;
  readonly facts: ImageFacts;
  readonly match: SymbolsMatch;
  readonly placement: Placement;
  readonly code: FoundCode | null;
  /** Tells the files that `code` was looked for in, as `GuestFiles.key`. */
  readonly codeKey: string;
  /** When names that are missing may be found by looking again: milliseconds since 1970, Infinity when none are. */
  readonly askAgainAt: number;
  readonly attribution: Attribution;
  readonly sources: RowSources;
  readonly phases: readonly PhaseSpan[];
}

/** Whether what was read from disk can be the naming of a trace with so many blocks. */
export function fitsTrace({ attribution, sources, facts, phases }: NamingRecord, blockCount: number): boolean {
  const { rows, start, row, instructions, linkAddress } = attribution;
  const pieces = start[blockCount];
  return (
    start.length === blockCount + 1 &&
    linkAddress.length === blockCount &&
    row.length === pieces &&
    instructions.length === pieces &&
    row.every((index) => index < rows.length) &&
    sources.file.length === rows.length &&
    sources.line.length === rows.length &&
    Array.isArray(phases) &&
    typeof facts.functions === "number"
  );
}
