/** Sentences on what a foreign trace lacks, that importers of several formats say. */
import { formatExact } from "../../protocol/format";
import { mostAddresses } from "./addressIndex";

/** Of sources that do not tell threads apart. */
export const inseparable =
  "The trace does not say which virtual CPU executed a block: if there were several, their blocks are in one sequence.";
export const eventsOnly = "The trace holds events only: block executions were not recorded.";
export const cutLog = "The log ends in the middle of a line: QEMU was killed, or the file was cut off.";
export const cutText = "The text ends in the middle of a line: what wrote it was killed, or the file was cut off.";
export const recordAgain = "Record with Trace Boot, or with QEMU's -d exec,nochain -D FILE, to get every block.";

/** @param count lines that begin like one that tells of a block, and break off */
export const tornLines = (count: number): string =>
  count === 1
    ? "1 line is torn: its block is missing."
    : `${formatExact(count)} lines are torn: their blocks are missing.`;

/** @param source what says that it lost records */
export const lostRecords = (source: string, count: number): string =>
  `${source} lost ${formatExact(count)} ${count === 1 ? "record" : "records"} because its buffer was full: what they told is missing.`;

/** @param missing executions of addresses beyond those that are told apart */
export const tooManyAddresses = (missing: number): string =>
  `${formatExact(missing)} executions are missing: the trace has more than ${formatExact(mostAddresses)} different addresses, and these have others.`;

/** @param count time stamps before the latest one until then: one step may leave many of them */
export const steppedBack = (count: number): string =>
  `${count === 1 ? "1 time stamp lies" : `${formatExact(count)} time stamps lie`} before an earlier one, whose time ${count === 1 ? "it has" : "they have"} here: the clock of the source stepped back, or threads wrote out of order. Executions stay in the order of the file.`;
