/** How far the counts of an imported log can be trusted, from what the log itself shows. */
import type { ImportTrust } from "./traceFormat";
import { mostAddresses } from "./addressIndex";
import type { LogCounts } from "./logColumns";

/** What a log held. */
export interface LogFindings extends LogCounts {
  readonly source: "exec_tb" | "trace";
  /** The file ends inside a line. */
  readonly cut: boolean;
  /** Blocks were announced without a thread: those of several vCPUs are in one sequence. */
  readonly threadless: boolean;
}

/** Of sources that do not tell threads apart. */
export const inseparable =
  "The trace does not say which virtual CPU executed a block: the blocks of several are in one sequence.";
export const eventsOnly = "The trace holds events only: block executions were not recorded.";
const cutLog = "The log ends in the middle of a line: QEMU was killed, or the file was cut off.";
const recordAgain = "Record with Trace Boot, or with QEMU's -d exec,nochain, to get every block.";
const chainedMeaning =
  "Blocks that QEMU chained to the one before them are missing: which code ran first and which ran at all is right, counts and ranks are not.";

export function logTrust(findings: LogFindings): ImportTrust {
  const trust = findings.source === "exec_tb" ? execTbTrust : traceTrust(findings);
  const reasons = [...trust.reasons];
  if (findings.source === "exec_tb" && findings.threadless) reasons.push(inseparable);
  if (findings.cut) reasons.push(cutLog);
  if (findings.unnumbered > 0) {
    reasons.push(tooManyAddresses(findings.unnumbered));
  }
  if (findings.torn > 0) reasons.push(`${findings.torn} lines of the log are torn: their blocks are missing.`);
  if (findings.torn + findings.unnumbered === 0) return { mode: trust.mode, reasons };
  return { mode: trust.mode === "complete" ? "incomplete" : trust.mode, reasons };
}

/** Of a log without executions. */
export const eventsTrust = (cut: boolean): ImportTrust => ({
  mode: "complete",
  reasons: [eventsOnly, ...(cut ? [cutLog] : [])],
});

/** @param missing executions of addresses beyond those that are told apart */
export const tooManyAddresses = (missing: number): string =>
  `${missing} executions are missing: the trace has more than ${mostAddresses} different addresses, and these have others.`;

/** Of `exec_tb` events, in text or binary. */
export const execTbTrust: ImportTrust = {
  mode: "chained",
  reasons: [
    "The trace event exec_tb tells only of blocks that QEMU enters from its main loop.",
    chainedMeaning,
    "It does not say whether nochain was used: with it, QEMU 2.5 to 6.0 report every block, and later ones all but those reached by a return or an indirect jump.",
    recordAgain,
  ],
};

function traceTrust({ chained, unchained, unknown, links }: LogFindings): ImportTrust {
  if (unknown === 0 && chained === 0) return { mode: "complete", reasons: [] };
  if (unknown === 0 && unchained === 0) {
    return { mode: "chained", reasons: ["QEMU logged with chaining on (no nochain).", chainedMeaning, recordAgain] };
  }
  if (unknown === 0) {
    const reason = `${chained} of ${chained + unchained} lines were logged with chaining on (no nochain).`;
    return { mode: "chained", reasons: [reason, chainedMeaning, recordAgain] };
  }
  const evidence =
    links > 0
      ? "QEMU chained blocks while it logged (there are lines “Linking TBs”)."
      : "QEMU's log does not say whether nochain was used (QEMU before 6.1): if it was, every block is here.";
  return { mode: "chained", reasons: [evidence, chainedMeaning, recordAgain] };
}
