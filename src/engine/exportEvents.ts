/** Writes the events that match to a file, chunk by chunk: there may be more than fit into memory. */
import { open, rm, type FileHandle } from "node:fs/promises";
import type { EngineRequests } from "../protocol/engine";
import { ThreadKind } from "../trace/events/eventDescriptor";
import { eventCsv, eventCsvHeading, eventJson } from "../trace/events/eventRows";
import { unwritable } from "../trace/writer";
import { matchingEvents } from "./eventQueries";
import type { TraceSession } from "./session";

type Params = EngineRequests["exportEvents"]["params"];

/** Answers how many were written. Rejects with `unwritable`, or AbortError; then there is no file. */
export async function exportEvents(session: TraceSession, params: Params, signal: AbortSignal): Promise<number> {
  const { output } = params;
  const file = await open(output, "w").catch((cause: unknown) => {
    throw unwritable(output, cause);
  });
  try {
    return await write(file, session, params, signal);
  } catch (error) {
    await rm(output, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function write(
  file: FileHandle,
  session: TraceSession,
  { output, format, ...query }: Params,
  signal: AbortSignal,
): Promise<number> {
  const add = (text: string): Promise<void> =>
    file.appendFile(text).catch((cause: unknown) => {
      throw unwritable(output, cause);
    });
  const { scanned } = await session.ready();
  const threads = scanned.file.events.at(0)?.threads ?? ThreadKind.Process;
  const kind = { threads, stamped: scanned.file.metadata.clock?.kind !== "events" };
  let written = 0;
  await add(format === "csv" ? eventCsvHeading(kind) : "[");
  for await (const rows of matchingEvents(session, query, signal)) {
    const lines = rows.map((row, index) => {
      if (format === "csv") return eventCsv(row);
      return `${written + index === 0 ? "" : ","}\n${eventJson(row, kind)}`;
    });
    written += rows.length;
    await add(lines.join(""));
  }
  if (format === "json") await add("\n]\n");
  return written;
}
