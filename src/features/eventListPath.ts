/** Where the list of QEMU's events is: the same place for who edits it and for Trace Boot. */
import path from "node:path";

/**
 * The list that Trace Boot gives to QEMU; whichever folder holds the kernel, it is in the first one.
 * @param given by the setting bootscope.traceEvents.file, absolute; undefined: the setting is empty
 * @param folders of the workspace that are on this machine's disk, in their order
 * @returns undefined when it has no place
 */
export function eventListPath(given: string | undefined, folders: readonly string[]): string | undefined {
  const home = folders.at(0);
  return given ?? (home === undefined ? undefined : path.join(home, ".bootscope", "trace-boot.qemu-events"));
}
