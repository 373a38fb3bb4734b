/** Opens what somebody wants to see as a trace: a file, a pipe, or all logs of a QEMU that wrote one for each of its threads. */
import path from "node:path";
import { JoinedInput } from "./input/joinedInput";
import { FollowedFile, followedChunks, type FollowOptions } from "./input/followedFile";
import { StreamInput } from "./input/streamInput";
import { openInput, type TraceInput } from "./input/traceInput";
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
  const notes: string[] = [];
  if (joined.length > 1) {
    notes.push(`These ${joined.length} logs of QEMU's threads are one trace: ${list(joined.map(nameOf))}.`);
    if (!isStamped(joined[0])) {
      notes.push(
        "They have no time stamps: what each virtual CPU executed is in order, which of them ran when is unknown. They are shown one after the other.",
      );
    }
  }
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

async function openFollowed(path: string, follow: FollowOptions, signal?: AbortSignal): Promise<TraceInput> {
  const file = await FollowedFile.open(path, follow);
  try {
    return await StreamInput.open(path, followedChunks(file, signal), () => file.size, file.handle);
  } catch (error) {
    await file.handle.close();
    throw error;
  }
}

const nameOf = (log: { readonly path: string }): string => path.basename(log.path);

function list(names: readonly string[]): string {
  if (names.length <= mostNames) return names.join(", ");
  return `${names.slice(0, mostNames - 1).join(", ")} and ${names.length - mostNames + 1} more`;
}
