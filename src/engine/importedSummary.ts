/** The summary of a trace that was written a moment ago: its own heads tell what there is to tell, and nothing is read back. */
import type { TraceSummary } from "../protocol/engine";
import { executions, instructions, nanoseconds } from "../protocol/units";
import { countEvents, endOfEvents } from "../trace/events/eventChunks";
import { openTraceFile } from "../trace/reader";
import { emptySummary } from "./summary";

/** @param path of a .bst that an importer has written to its end */
export async function importedSummary(path: string): Promise<TraceSummary> {
  const file = await openTraceFile(path);
  const { bytes, metadata, blocks, chunks, events } = file;
  return {
    ...emptySummary(path, bytes, "bst", 0),
    vcpus: metadata.vcpus ?? 1,
    clock: metadata.clock?.kind ?? "host",
    instructionsCounted: metadata.instructionsCounted ?? true,
    executions: executions(chunks.reduce((sum, chunk) => sum + chunk.executions, 0)),
    instructions: instructions(chunks.reduce((sum, chunk) => sum + chunk.instructions, 0)),
    distinctBlocks: blocks.count,
    events: countEvents(events),
    duration: nanoseconds(chunks.reduce((latest, { endTime }) => Math.max(latest, endTime), endOfEvents(file))),
    trust: {
      level: metadata.capture?.mode ?? "incomplete",
      reasons: metadata.capture?.reasons ?? [],
      dropped: metadata.dropped ?? 0,
      truncated: false,
      damagedBytes: 0,
    },
    complete: true,
    settled: true,
  };
}
