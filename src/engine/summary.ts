import { guestTarget } from "../analysis/guestTarget";
import { rowCosts, totalsOf } from "../analysis/rowCosts";
import { namedShare } from "../analysis/unnamed";
import type { PlacedFile, SymbolsSummary, TraceSummary, Trust } from "../protocol/engine";
import type { FirmwareFile } from "../protocol/firmwareFile";
import { formatExact } from "../protocol/format";
import { executions, formatAddress, guestAddress, nanoseconds } from "../protocol/units";
import { countEvents } from "../trace/events/eventChunks";
import type { TraceMetadata } from "../trace/types";
import type { ChosenImage } from "./chooseImage";
import { firmwareProblem } from "./firmwareProblem";
import type { NamedTrace } from "./namedTrace";
import { formatToCome } from "./traceSource";
import type { ScannedTrace } from "./scannedTrace";

export interface SummaryInput {
  readonly path: string;
  readonly fileBytes: number;
  readonly format: string;
  readonly scanned: ScannedTrace;
  readonly named: NamedTrace;
  /** Where the symbols that the trace brings along were put; null when it has none. */
  readonly attachedImage: string | null;
  /** Files that were given for firmware, once they were looked for in the trace. */
  readonly firmware: readonly FirmwareFile[];
  readonly revision: number;
  readonly complete: boolean;
  readonly settled: boolean;
  /** Reading was stopped before the end. */
  readonly stopped: boolean;
  /** It is what a file that is being written, by an import or a recording, held at some moment. */
  readonly growing: boolean;
  readonly follow: TraceSummary["follow"];
}

/** What the header of the trace says. */
export function summarize(input: SummaryInput): TraceSummary {
  const { scanned, named } = input;
  const { metadata, blocks } = scanned.file;
  const { attribution } = named.rows;
  const costs = rowCosts(attribution, scanned.profile.totals);
  const totals = totalsOf(costs);
  const symbols = symbolsOf(input);
  return {
    path: input.path,
    ...sourceOf(input),
    target: guestTarget(metadata.target, blocks, named.choice.chosen?.image.facts ?? null) ?? null,
    guest: guestName(metadata, named),
    qemu: metadata.qemu?.version ?? null,
    commandLine: metadata.qemu?.commandLine ?? [],
    vcpus: metadata.vcpus ?? 1,
    deterministic: metadata.capture?.deterministic === true,
    clock: metadata.clock?.kind ?? "host",
    instructionsCounted: metadata.instructionsCounted ?? true,
    executions: totals.executions,
    instructions: totals.instructions,
    distinctBlocks: blocks.count,
    events: countEvents(scanned.file.events),
    duration: scanned.duration,
    trust: trustOf(input),
    symbols,
    // That names do not fit says little while there is little to compare.
    symbolsProblem: input.growing ? null : named.choice.problem,
    firmwareProblem: firmwareProblem(input.firmware, symbols),
    ...namedShare(attribution.rows, costs),
    revision: input.revision,
    complete: input.complete,
    settled: input.settled,
    follow: input.follow,
  };
}

/** What came through a pipe, or was written while it was read, is known by what its import found. */
function sourceOf({ format, fileBytes, scanned }: SummaryInput): Pick<TraceSummary, "format" | "fileBytes"> {
  const { source } = scanned.file.metadata;
  return {
    format: format === formatToCome ? (source?.format ?? "bst") : format,
    fileBytes: fileBytes === 0 ? Number(source?.bytes ?? scanned.file.bytes) : fileBytes,
  };
}

/** The summary of a trace of which nothing is known yet: a foreign file that is still being imported. */
export function emptySummary(path: string, fileBytes: number, format: string, revision: number): TraceSummary {
  return {
    path,
    fileBytes,
    format,
    target: null,
    guest: null,
    qemu: null,
    commandLine: [],
    vcpus: 0,
    deterministic: false,
    clock: "events",
    instructionsCounted: false,
    executions: executions(0),
    instructions: 0 as TraceSummary["instructions"],
    distinctBlocks: 0,
    events: 0,
    duration: nanoseconds(0),
    trust: { level: "incomplete", reasons: [], dropped: 0, truncated: false, damagedBytes: 0 },
    symbols: null,
    symbolsProblem: null,
    firmwareProblem: null,
    named: executions(0),
    unnamed: [],
    revision,
    complete: false,
    settled: false,
    follow: null,
  };
}

function trustOf({ scanned, stopped, growing, follow }: SummaryInput): Trust {
  const { metadata, damage } = scanned.file;
  const { state } = scanned;
  const capture = metadata.capture ?? {};
  if (growing) {
    const reasons = [growingReasons[follow ?? "imported"], ...(capture.reasons ?? [])];
    return { level: "incomplete", reasons, dropped: metadata.dropped ?? 0, truncated: false, damagedBytes: 0 };
  }
  const reasons = [...(capture.reasons ?? [])];
  if (capture.mode === undefined) reasons.push("The trace does not say how it was captured.");
  if (damage.truncated) reasons.push("The file ends before the recording did: what came after is missing.");
  const lost = Math.max(damage.lostExecutions, 0) + state.lostExecutions;
  if (lost > 0) reasons.push(`${formatExact(lost)} executions are lost with damaged parts of the file.`);
  if (stopped) {
    const part = state.bytesTotal === 0 ? 0 : (100 * state.bytesDone) / state.bytesTotal;
    reasons.push(`Reading was stopped: all numbers are of the ${part.toFixed(0)} % of the file that was read.`);
  }
  return {
    level: stopped || lost > 0 ? "incomplete" : (capture.mode ?? "incomplete"),
    reasons,
    dropped: metadata.dropped ?? 0,
    truncated: damage.truncated,
    damagedBytes: damage.skippedBytes + state.damagedBytes,
  };
}

const growingReasons = {
  live: "It is still being written: all numbers are of what was in it a moment ago.",
  paused: "It is still being written, and following is paused: all numbers are of what was in it then.",
  lost: "The file was replaced or begun anew while it was followed: all numbers are of what was in it before.",
  imported: "The import goes on: all numbers are of what it has read up to some moment.",
};

function symbolsOf({ named, attachedImage }: SummaryInput): SymbolsSummary | null {
  const { chosen } = named.choice;
  if (chosen === null) return null;
  const { match, image, placement } = chosen;
  const { buildId, functions, hasLines } = image.facts;
  const { virtualSlide, physicalSlide } = placement;
  const slide = { virtual: signedHex(virtualSlide), physical: signedHex(physicalSlide) };
  const path = chosen.path === attachedImage ? null : chosen.path;
  const { problem } = image;
  return { path, buildId, functions, hasLines, problem, match, slide, files: placedFiles(chosen) };
}

const signedHex = (value: bigint): string => (value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`);

/** By address, as /proc/modules has them. */
function placedFiles({ code }: ChosenImage): PlacedFile[] {
  const placed = [...(code?.placed ?? [])].sort((a, b) => (a.start < b.start ? -1 : 1));
  return placed.flatMap(({ file, start, end, same }) => {
    const object = code?.objects.at(file);
    if (object === undefined) return [];
    const { name, path, category } = object;
    const address = formatAddress(guestAddress(start));
    return [{ name, path, category, address, bytes: Number(end - start), blocks: same }];
  });
}

function guestName(metadata: TraceMetadata, { choice }: NamedTrace): string | null {
  if (metadata.kernel?.release !== undefined) return `Linux ${metadata.kernel.release}`;
  const { chosen } = choice;
  // A vmlinux that merely lies there says nothing of the guest.
  if (chosen === null || chosen.match.verdict === "unchecked") return null;
  return chosen.image.facts.banner?.split(" ").slice(0, 3).join(" ").replace("Linux version", "Linux") ?? null;
}
