/** Opens what somebody wants to see as a trace: a file, a pipe, or all logs of a QEMU that wrote one for each of its threads. */
import path from "node:path";
import { JoinedInput } from "./input/joinedInput";
import { FollowedFile, followedChunks, type FollowOptions } from "./input/followedFile";
import { FollowedLogs } from "./input/followedLogs";
import { StreamInput } from "./input/streamInput";
import { openInput } from "./input/openInput";
import type { TraceInput } from "./input/traceInput";
import { threadLogFacts, type ThreadLog } from "./threadLogFacts";
import { findThreadLogs, isStamped } from "./threadLogs";

/** Names that a sentence lists. */
const mostNames = 8;

/**
 * As `openInput`; a log of one of QEMU's threads comes with those of the others.
 * @param follow the file is still being written, and is read until that ends
 */
export async function openTraceInput(file: string, signal?: AbortSignal, follow?: FollowOptions): Promise<TraceInput> {
  if (follow !== undefined) return openFollowed(file, follow, signal);
  const input = await openInput(file, signal);
  if (input.file === null) return input;
  const logs = await findThreadLogs(input.path);
  if (logs === null) return input;
  await input.close();
  const { joined, unclear } = logs;
  const notes = joinedNotes(joined, "They are shown one after the other.");
  if (unclear.length > 0) {
    notes.push(
      `Nothing tells whether ${list(unclear)} beside it ${unclear.length > 1 ? "are" : "is"} of other threads of the same QEMU: what is in there is not in this trace.`,
    );
  }
  const cut = joined.filter(({ bytes, wholeBytes }) => wholeBytes < bytes).map(nameOf);
  if (cut.length > 0) {
    const ends = cut.length > 1 ? "end" : "ends";
    notes.push(`${list(cut)} ${ends} in the middle of a line: QEMU was killed, or the file was cut off.`);
  }
  const parts = joined.map(({ path, wholeBytes }) => ({ path, bytes: wholeBytes }));
  return new JoinedInput(input.path, parts, notes);
}

/** Of a log of one of QEMU's threads, those of the others are followed too, also those that are yet to appear. */
async function openFollowed(path: string, follow: FollowOptions, signal?: AbortSignal): Promise<TraceInput> {
  if ((await threadLogFacts(path)) !== null) return openFollowedLogs(path, follow, signal);
  const file = await FollowedFile.open(path, follow);
  return closedIfFailed(file.handle, (close) =>
    StreamInput.open(path, (until) => followedChunks(file, until), { size: () => file.size, close }, signal),
  );
}

async function openFollowedLogs(path: string, follow: FollowOptions, signal?: AbortSignal): Promise<TraceInput> {
  let joined: readonly ThreadLog[] = [];
  const find = async (): Promise<readonly string[]> => {
    joined = (await findThreadLogs(path))?.joined ?? joined;
    return joined.length === 0 ? [path] : joined.map((log) => log.path);
  };
  const logs = await FollowedLogs.open(find, follow);
  const from = {
    size: () => logs.size,
    files: () => logs.paths,
    notes: () => joinedNotes(joined, "They are shown as they come."),
  };
  return closedIfFailed(logs, (close) =>
    StreamInput.open(path, (until) => logs.chunks(until), { ...from, close }, signal),
  );
}

/** @param open takes what closes `source` */
async function closedIfFailed(
  source: { close(): Promise<void> },
  open: (close: () => Promise<void>) => Promise<TraceInput>,
): Promise<TraceInput> {
  const close = (): Promise<void> => source.close();
  try {
    return await open(close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** @param unstamped in which order logs without time stamps are shown */
function joinedNotes(joined: readonly ThreadLog[], unstamped: string): string[] {
  if (joined.length < 2) return [];
  const notes = [`These ${joined.length} logs of QEMU's threads are one trace: ${list(joined.map(nameOf))}.`];
  if (!isStamped(joined[0])) {
    notes.push(
      `They have no time stamps: what each virtual CPU executed is in order, which of them ran when is unknown. ${unstamped}`,
    );
  }
  return notes;
}

const nameOf = (log: { readonly path: string }): string => path.basename(log.path);

function list(names: readonly string[]): string {
  if (names.length <= mostNames) return names.join(", ");
  return `${names.slice(0, mostNames - 1).join(", ")} and ${names.length - mostNames + 1} more`;
}
