/** What the header says of a trace, in words. */
import type { SymbolsSummary, TraceSummary } from "../../../src/protocol/engine";
import { formatBytes, formatExact } from "../../../src/protocol/format";

export const fileName = (path: string): string => path.split(/[\\/]/).at(-1) ?? path;

/** What is to be said of a vmlinux besides its name: that it belongs to the trace (a long build-id shortened), and what it lacks. */
export function symbolRemarks({ match, buildId, hasLines }: SymbolsSummary): string[] {
  const byBuildId = match.verdict === "matches" && buildId !== null && match.evidence.includes(buildId);
  const evidence = byBuildId ? `build-id ${buildId.slice(0, 8)}… matches` : match.evidence.replace(/\.$/, "");
  return [evidence, hasLines ? "" : "no line numbers in it"].filter((remark) => remark !== "");
}

/** The facts that are known, in a fixed order. */
export function identity(summary: TraceSummary): string[] {
  const facts = [
    summary.guest,
    summary.qemu === null || summary.qemu.startsWith("QEMU") ? summary.qemu : `QEMU ${summary.qemu}`,
    summary.target,
    summary.vcpus > 0 ? `${summary.vcpus} ${summary.vcpus === 1 ? "vCPU" : "vCPUs"}` : null,
    summary.deterministic ? "deterministic" : null,
    summary.format === "bst" ? null : `imported from ${summary.format}`,
  ];
  return facts.filter((fact) => fact !== null && fact !== "") as string[];
}

/** Whether another recording of the same would tell more: this one, of which all is read, lacks something. */
export const isLacking = ({ trust, complete }: TraceSummary): boolean =>
  complete && (trust.level !== "complete" || trust.truncated || trust.dropped > 0 || trust.damagedBytes > 0);

/** The trace's trust in plain sentences; null when there is nothing to say, and while nothing is known of it. */
export function doubt({ trust, complete }: TraceSummary): string | null {
  const sentences = [...trust.reasons];
  if (trust.dropped > 0) sentences.push(`${formatExact(trust.dropped)} records were lost while recording.`);
  if (trust.damagedBytes > 0) sentences.push(`Damaged and left out: ${formatBytes(trust.damagedBytes)} of the file.`);
  if (sentences.length === 0 && trust.truncated) sentences.push("The file ends before the recording did.");
  if (sentences.length === 0 && complete && trust.level !== "complete") sentences.push(`The trace is ${trust.level}.`);
  return sentences.length === 0 ? null : sentences.join(" ");
}
