import type { FoundCode } from "../analysis/guestCode";
import { matchImage } from "../analysis/symbolsMatch";
import type { Placement } from "../analysis/placement";
import type { SymbolsMatch } from "../protocol/engine";
import { BootscopeError, toFailure, type Failure } from "../protocol/failure";
import type { ImageSymbols } from "../symbols/types";
import type { TraceFile } from "../trace/types";
import type { Images } from "./images";
import { UsedImage } from "./usedImage";

/** The image that names a trace's addresses. */
export interface ChosenImage {
  readonly image: UsedImage;
  readonly path: string;
  readonly match: SymbolsMatch;
  readonly placement: Placement;
  /** The modules and programs beside it, once they were looked for; `image` then has their names too. */
  readonly code: FoundCode | null;
}

export interface ImageChoice {
  readonly chosen: ChosenImage | null;
  /** Why none was chosen. */
  readonly problem: Failure | null;
}

/**
 * The first candidate that belongs to the trace. Names from another kernel would be wrong, so a mismatch is not used unless
 * forced, and is the problem that is told before any other.
 */
export async function chooseImage(
  images: Images,
  trace: TraceFile,
  candidates: readonly string[],
  force: boolean,
): Promise<ImageChoice> {
  let mismatch: Failure | null = null;
  let unusable: Failure | null = null;
  for (const path of candidates) {
    try {
      const lease = await images.acquire(path);
      if (!lease.image.isLinked) {
        unusable ??= notLinked(path);
        lease.release();
        continue;
      }
      const { match, placement } = matchImage(trace.blocks, trace.metadata, lease.image);
      const fits = match.verdict !== "mismatch";
      if (lease.image.functions.count > 0 && (fits || force)) {
        const overridden: SymbolsMatch = { verdict: "overridden", evidence: match.evidence };
        const image = UsedImage.opened(lease);
        return { chosen: { image, path, match: fits ? match : overridden, placement, code: null }, problem: null };
      }
      if (lease.image.functions.count === 0) unusable ??= withoutSymbols(path);
      else mismatch ??= wrongSymbols(path, lease.image, trace, match);
      lease.release();
    } catch (error) {
      unusable ??= toFailure(error);
    }
  }
  return { chosen: null, problem: mismatch ?? unusable ?? noCandidates };
}

const noCandidates: Failure = {
  code: "no-symbols",
  message: "No vmlinux was found, so kernel addresses have no names.",
  advice: "Choose the vmlinux that was built with this kernel.",
};

function withoutSymbols(path: string): Failure {
  const message = `${path} has no symbols.`;
  return toFailure(new BootscopeError("no-symbols", message, "Choose the unstripped vmlinux of the same build."));
}

function notLinked(path: string): Failure {
  const message = `${path} is a relocatable object: nothing says where the guest had it.`;
  return toFailure(new BootscopeError("unsupported", message, "Choose the vmlinux that was built with this kernel."));
}

/** Enough of a build-id to tell it from any other. */
const shortId = (buildId: string): string => (buildId.length > 8 ? `${buildId.slice(0, 8)}…` : buildId);

function wrongSymbols(path: string, image: ImageSymbols, trace: TraceFile, match: SymbolsMatch): Failure {
  const recorded = trace.metadata.kernel?.buildIds ?? [];
  const own = image.buildId === null ? "no build-id" : `build-id ${shortId(image.buildId)}`;
  const ids = recorded.length === 0 ? own : `${own}; the trace has ${recorded.map(shortId).join(", ")}`;
  return {
    code: "wrong-symbols",
    message: `${path} does not belong to this trace (${ids}). ${match.evidence} Names would be wrong, so none are shown.`,
    advice: "Choose another vmlinux, or use it anyway.",
  };
}
