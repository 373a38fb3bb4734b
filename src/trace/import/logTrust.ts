/** How far the counts of an imported log can be trusted, from what the log itself shows. */
import { formatExact } from "../../protocol/format";
import type { ImportTrust } from "./traceFormat";
import type { LogCounts } from "./logColumns";
import { cutLog, eventsOnly, inseparable, recordAgain, tooManyAddresses, tornLines } from "./trustSentences";

/** What a log held. */
export interface LogFindings extends LogCounts {
  readonly source: "exec_tb" | "trace";
  /** The file ends inside a line. */
  readonly cut: boolean;
  /** Blocks were announced without a thread: those of several vCPUs are in one sequence. */
  readonly threadless: boolean;
}

const chainedMeaning =
  "Blocks that QEMU chained to the one before them are missing: which code ran first and which ran at all is right, counts and ranks are not.";

export function logTrust(findings: LogFindings): ImportTrust {
  const { source, cut, threadless, torn, unnumbered } = findings;
  const lacks = [
    ...(cut ? [cutLog] : []),
    ...(unnumbered > 0 ? [tooManyAddresses(unnumbered)] : []),
    ...(torn > 0 ? [tornLines(torn)] : []),
  ];
  if (source === "exec_tb") return execTbTrust([...(threadless ? [inseparable] : []), ...lacks]);
  const chained = chainedReasons(findings);
  if (chained !== null) return { mode: "chained", reasons: [...chained, ...lacks, recordAgain] };
  return { mode: torn + unnumbered > 0 ? "incomplete" : "complete", reasons: lacks };
}

/** Of a log without executions. */
export const eventsTrust = (cut: boolean): ImportTrust => ({
  mode: "complete",
  reasons: [eventsOnly, ...(cut ? [cutLog] : [])],
});

/**
 * Of `exec_tb` events, in text or binary. What else is missing makes it no better: it stays chained.
 * @param more further sentences
 */
export const execTbTrust = (more: readonly string[] = []): ImportTrust => ({
  mode: "chained",
  reasons: [
    "The trace event exec_tb tells only of blocks that QEMU enters from its main loop.",
    chainedMeaning,
    "It does not say whether nochain was used: with it, QEMU 2.5 to 6.0 report every block; later ones leave out those reached by a return or an indirect jump, and on targets other than x86 nearly all.",
    ...more,
    recordAgain,
  ],
});

/** Why blocks of a `-d exec` log are missing; null: none are. */
function chainedReasons({ chained, unchained, unknown, links }: LogFindings): string[] | null {
  if (unknown === 0 && chained === 0) return null;
  if (unknown === 0) {
    const lines = `${formatExact(chained)} of ${formatExact(chained + unchained)} lines were`;
    return [`${unchained === 0 ? "QEMU" : lines} logged with chaining on (no nochain).`, chainedMeaning];
  }
  if (links > 0) return ["QEMU chained blocks while it logged (there are lines “Linking TBs”).", chainedMeaning];
  return [
    "QEMU before 6.1 does not log whether nochain was used: if it was, every block is here.",
    `If not: ${chainedMeaning.charAt(0).toLowerCase()}${chainedMeaning.slice(1)}`,
    "The log of QEMU 6.1 or newer tells.",
  ];
}
