/** What the header says of a trace, in words. */
import type { PlacedFile, SymbolsSummary, TraceSummary } from "../../../src/protocol/engine";
import { formatBytes, formatExact } from "../../../src/protocol/format";
import { isEventsOnly } from "../tabs";

export const fileName = (path: string): string => path.split(/[\\/]/).at(-1) ?? path;

/**
 * What is to be said of a vmlinux besides its name: that it belongs to the trace (a long build-id shortened), what it lacks, where
 * KASLR put it, and the files that were named beside it.
 */
export function symbolRemarks({
  match,
  buildId,
  hasLines,
  problem = null,
  slide,
  files = [],
}: SymbolsSummary): string[] {
  const byBuildId = match.verdict === "matches" && buildId !== null && match.evidence.includes(buildId);
  const evidence = byBuildId ? `build-id ${buildId.slice(0, 8)}… matches` : match.evidence.replace(/\.$/, "");
  const moved = isMoved(slide) ? `moved by ${slide.virtual}` : "";
  const lacks = [
    hasLines ? "" : "no line numbers in it",
    problem === null ? "" : "damaged: names or lines are missing",
  ];
  return [evidence, ...lacks, moved, filesRemark(files)].filter((remark) => remark !== "");
}

/** What stands before a vmlinux's name. One that could not be compared with anything, and names nothing, is no source of names. */
export function sourceWords({ match }: SymbolsSummary, named: number): string {
  if (match.verdict === "overridden" || match.verdict === "mismatch") {
    return "Names may be wrong: this vmlinux does not belong to the trace. ";
  }
  return match.verdict === "unchecked" && named === 0 ? "Nothing here is named by " : "Names from ";
}

type Slide = SymbolsSummary["slide"];
const isMoved = (slide: Slide): slide is NonNullable<Slide> => slide !== undefined && slide.virtual !== "0x0";

/** A vmlinux of arm64 says that its physical addresses are its virtual ones, which tells nothing of how far it was moved. */
const physicalOf = ({ physical }: NonNullable<Slide>) => (physical.startsWith("-") ? "" : `, ${physical} physical`);

/** Names of files that fit beside the vmlinux's. */
const shownFiles = 3;

function filesRemark(files: readonly PlacedFile[]): string {
  const names = [...new Set(files.map(({ name }) => name))];
  const more = names.length - shownFiles;
  const shown = names.slice(0, more === 1 ? shownFiles + 1 : shownFiles).join(", ");
  if (names.length === 0) return "";
  return more > 1 ? `also ${shown} and ${more} more files` : `also ${shown}`;
}

/** All that is known of where names come from: the vmlinux's path, how it was checked, where KASLR put it, and every file with its place. */
export function symbolDetails({ path, match, problem, slide, files = [] }: SymbolsSummary): string {
  const moved = isMoved(slide) ? `Moved by KASLR: ${slide.virtual} virtual${physicalOf(slide)}.` : "";
  const places = files.map(({ address, name, path: file }) => `${address} ${name} (${file})`);
  return [path ?? "", match.evidence, problem ?? "", moved, ...places].filter((line) => line !== "").join("\n");
}

/** The facts that are known, in a fixed order. */
export function identity(summary: TraceSummary): string[] {
  const facts = [
    summary.guest,
    summary.qemu === null || summary.qemu.startsWith("QEMU") ? summary.qemu : `QEMU ${summary.qemu}`,
    summary.target,
    summary.vcpus > 0 && !isEventsOnly(summary) ? `${summary.vcpus} ${summary.vcpus === 1 ? "vCPU" : "vCPUs"}` : null,
    summary.deterministic ? "deterministic" : null,
    summary.format === "bst" || summary.format === "" ? null : `imported from ${summary.format}`,
  ];
  return facts.filter((fact) => fact !== null && fact !== "") as string[];
}

/** Whether another recording of the same would tell more: this one, of which all is read, lacks something. */
export const isLacking = ({ trust, complete }: TraceSummary): boolean =>
  complete && (trust.level !== "complete" || trust.truncated || trust.dropped > 0 || trust.damagedBytes > 0);

/** The trace's trust in plain sentences; null when there is nothing to say, and while nothing is known of it. */
export function doubt({ trust, complete }: TraceSummary): string | null {
  const sentences = [...trust.reasons];
  if (sentences.length === 0 && trust.dropped > 0) sentences.push(`${formatExact(trust.dropped)} records were lost.`);
  if (trust.damagedBytes > 0) sentences.push(`Damaged and left out: ${formatBytes(trust.damagedBytes)} of the file.`);
  if (sentences.length === 0 && trust.truncated) sentences.push("The file ends before the recording did.");
  if (sentences.length === 0 && complete && trust.level !== "complete") sentences.push(`The trace is ${trust.level}.`);
  return sentences.length === 0 ? null : sentences.join(" ");
}
