/**
 * Which trace events a QEMU binary has.
 *
 * `-trace help` names all events of the binary, also those that were compiled out by `disable` (so since 1.0). QEMU says which
 * those are when a list asks for them: "trace event 'X' is not traceable". So it is asked twice: for the names, then to take all
 * of them. Both runs end before a machine is made.
 */
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { BootscopeError } from "../protocol/failure";
import { runTool } from "./runTool";
import type { EventNames } from "./traceEventList";

const timeout = 30_000;

interface Known {
  readonly stamp: string;
  readonly names: Promise<EventNames>;
}
const known = new Map<string, Known>();

/** The lines that are nothing but a name; builds with other backends add hints in prose. */
export const parseEventHelp = (text: string): string[] =>
  text.split(/\r?\n/).filter((line) => /^[A-Za-z_]\w*$/.test(line));

/** The names that QEMU's warnings call not traceable. */
export const parseUntraceable = (text: string): string[] =>
  Array.from(text.matchAll(/trace event '(\w+)' is not traceable/g), ([, name]) => name);

async function ask(qemu: string): Promise<EventNames> {
  const options = { timeout };
  const all = parseEventHelp((await runTool(qemu, ["-trace", "help"], options)).stdout);
  const folder = await mkdtemp(path.join(os.tmpdir(), "bootscope-events-"));
  try {
    const list = path.join(folder, "all");
    await writeFile(list, all.map((name) => `${name}\n`).join(""));
    // A comma in an option's value is written twice.
    const { stderr } = await runTool(
      qemu,
      ["-trace", `events=${list.replaceAll(",", ",,")}`, "-trace", "help"],
      options,
    );
    return { all: new Set(all), compiledOut: new Set(parseUntraceable(stderr)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Rejects with BootscopeError. */
async function askOrFail(qemu: string): Promise<EventNames> {
  try {
    return await ask(qemu);
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    const advice = "Check the setting bootscope.qemu.path.";
    throw new BootscopeError("qemu-failed", `QEMU could not list its trace events: ${said}`, advice, { cause: thrown });
  }
}

/**
 * The events of a QEMU binary. Answers are remembered until the file changes.
 *
 * @param qemu absolute path of `qemu-system-*`
 */
export async function eventNames(qemu: string): Promise<EventNames> {
  let stamp: string;
  try {
    const { mtimeMs, size } = await stat(qemu);
    stamp = `${mtimeMs}:${size}`;
  } catch (thrown) {
    const advice = "Install QEMU or set bootscope.qemu.path.";
    throw new BootscopeError("no-qemu", `There is no QEMU at ${qemu}.`, advice, { cause: thrown });
  }
  const before = known.get(qemu);
  if (before?.stamp === stamp) return before.names;
  const names = askOrFail(qemu);
  known.set(qemu, { stamp, names });
  names.catch(() => {
    if (known.get(qemu)?.names === names) known.delete(qemu);
  });
  return names;
}
