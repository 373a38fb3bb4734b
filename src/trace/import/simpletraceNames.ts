/**
 * Event names of simple traces of versions 2 and 3, which hold numbers only: positions in the `trace-events` file that QEMU
 * was built from (scripts/tracetool.py of QEMU 1.2 to 2.7).
 */
import { open } from "node:fs/promises";
import path from "node:path";
import { BootscopeError } from "../../protocol/failure";

/** QEMU 2.7's concatenation of all directories', then the one file of earlier releases. */
const fileNames = ["trace-events-all", "trace-events"];
/** QEMU's have 150 KiB; what is longer is something else, and only its beginning is read. */
const mostBytes = 4 * 1024 * 1024;
/** `[property …] name(`: the rest of a line says nothing about numbers. */
const eventStart = /^\s*((?:\w+\s+)*)(\w+)\s*\(/;

/**
 * Numbers of the events in a trace-events file, by name.
 * @param version of the trace: in version 2, events with `disable` have no number; in version 3 all have one, and those with
 *        `tcg` two, as `NAME_trans` and `NAME_exec`
 */
export function eventNumbers(traceEvents: string, version: 2 | 3): Map<string, number> {
  const numbers = new Map<string, number>();
  let next = 0;
  for (const line of traceEvents.split("\n")) {
    const match = eventStart.exec(line);
    if (match === null) continue;
    const [, properties, name] = match;
    const words = properties.split(/\s+/);
    if (version === 2 && words.includes("disable")) continue;
    const names = version === 3 && words.includes("tcg") ? [`${name}_trans`, `${name}_exec`] : [name];
    for (const each of names) numbers.set(each, next++);
  }
  return numbers;
}

/**
 * Numbers by the trace-events file beside a trace.
 * @throws BootscopeError `unsupported` when there is none, or none with exec_tb
 */
export async function eventNumbersBeside(tracePath: string, version: 2 | 3): Promise<Map<string, number>> {
  for (const name of fileNames) {
    const text = await readStart(path.join(path.dirname(tracePath), name));
    if (text === null) continue;
    const numbers = eventNumbers(text, version);
    if (numbers.has("exec_tb")) return numbers;
  }
  throw new BootscopeError(
    "unsupported",
    `${tracePath} is a QEMU simple trace of version ${version}, whose events have numbers only, and no trace-events file with exec_tb is beside it.`,
    `Put the ${fileNames.join(" or ")} of the QEMU that wrote it into its folder.`,
  );
}

/** The beginning of a text file, or null when it cannot be read. */
async function readStart(file: string): Promise<string | null> {
  const handle = await open(file, "r").catch(() => null);
  if (handle === null) return null;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(mostBytes), 0, mostBytes, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } catch {
    return null; // a folder of that name
  } finally {
    await handle.close();
  }
}
