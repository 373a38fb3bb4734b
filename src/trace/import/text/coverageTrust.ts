import type { ImportTrust } from "../traceFormat";
import { cutLog } from "../trustSentences";

/**
 * Of sources that tell of translations.
 * @param more further sentences
 */
export const coverageTrust = (source: string, cut: boolean, more: readonly string[] = []): ImportTrust => ({
  mode: "coverage",
  reasons: [
    `${source} tells of a block when QEMU translates it, not when it runs: what was reached is right, and in which order; how often it ran is not known.`,
    ...more,
    ...(cut ? [cutLog] : []),
    "Record with Trace Boot, or with QEMU's -d exec,nochain -D FILE, to get every execution.",
  ],
});
