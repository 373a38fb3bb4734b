import type { Attribution } from "../analysis/attribution";
import type { RowSources } from "../analysis/functionRows";
import type { PhaseSpan } from "../analysis/phases";
import type { Placement } from "../analysis/placement";
import type { SymbolsMatch } from "../protocol/engine";
import { BootscopeError } from "../protocol/failure";
import { fileFingerprint } from "./fileFingerprint";
import type { FoundCode } from "./guestCode";
import type { Images } from "./images";
import { acquireJoined } from "./joinedImages";
import type { ImageChoice } from "./chooseImage";
import { UsedImage, type ImageFacts } from "./usedImage";

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

/**
 * Tells a list of candidates from any other, with the content of each: a file that was added, removed or built anew may change
 * the choice.
 */
export async function candidatesKey(candidates: readonly string[]): Promise<string> {
  const prints = await Promise.all(candidates.map((path) => fileFingerprint(path).catch(() => `${path}: absent`)));
  return prints.join("\n");
}

/** The choice that a record was made by. Its image stays closed until something needs it. */
export async function recordedChoice(record: NamingRecord, images: Images): Promise<ImageChoice> {
  const { path, facts, match, placement, code } = record;
  const objects = code?.objects ?? [];
  const paths = [path, ...objects.map((object) => object.path)];
  const expected = await candidatesKey(paths);
  const image = UsedImage.closed(facts, async () => {
    if ((await candidatesKey(paths)) === expected) return acquireJoined(images, path, objects);
    const message = `${path} or a file beside it was changed after the trace was opened.`;
    throw new BootscopeError("wrong-symbols", message, "Choose the vmlinux again.");
  });
  return { chosen: { image, path, match, placement, code }, problem: null };
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
