/** Finds the `trace-events` files that describe the events of a trace. */
import { open } from "node:fs/promises";
import path from "node:path";
import { BootscopeError } from "../../protocol/failure";
import {
  executionEvents,
  parseEventDescriptions,
  type DeclaredEvent,
  type EventDescription,
} from "./eventDescriptions";

/** QEMU 2.7's concatenation of all directories', then the one file of earlier releases. */
export const traceEventsNames = ["trace-events-all", "trace-events"];
/** Where packages put QEMU's. */
const dataFolders = ["/usr/share/qemu", "/usr/local/share/qemu"];
/** QEMU's have 900 KiB; what is longer is something else, and only its beginning is read. */
const mostBytes = 16 * 1024 * 1024;

/** A file that declares events. */
export interface TraceEventsFile {
  readonly path: string;
  readonly events: readonly DeclaredEvent[];
}

/** What is known of events. Files are parsed when something is asked of them: most traces tell of executions only. */
export class EventCatalog {
  private names: ReadonlyMap<string, EventDescription> | null = null;

  /**
   * @param own the file that was given or lies beside the trace, and so may be of the very QEMU that wrote it
   * @param installed that of the QEMU on this machine
   */
  constructor(
    readonly own: TraceEventsFile | null,
    readonly installed: TraceEventsFile | null,
  ) {}

  describe(name: string): EventDescription | undefined {
    this.names ??= this.allNames();
    return this.names.get(name);
  }

  private allNames(): ReadonlyMap<string, EventDescription> {
    const names = new Map<string, EventDescription>(executionEvents.map((event) => [event.name, event]));
    for (const file of [this.installed, this.own]) {
      for (const { descriptions } of file?.events ?? []) for (const each of descriptions) names.set(each.name, each);
    }
    return names;
  }
}

/**
 * What the files beside a trace, in QEMU's data folder or the given one tell of events.
 * @param given a file to use instead of one beside the trace
 * @throws BootscopeError `not-found` when the given file cannot be read
 */
export async function findEventCatalog(tracePath: string, given?: string): Promise<EventCatalog> {
  const paths = await eventCatalogPaths(tracePath, given);
  const own = await readTraceEvents(paths.own, given !== undefined);
  return new EventCatalog(own, await readTraceEvents(paths.installed, false));
}

export interface EventCatalogPaths {
  readonly own: string | null;
  readonly installed: string | null;
}

/** The files that `findEventCatalog` reads: what an import depends on besides the trace. */
export async function eventCatalogPaths(tracePath: string, given?: string): Promise<EventCatalogPaths> {
  const beside = traceEventsNames.map((name) => path.join(path.dirname(tracePath), name));
  return {
    own: given ?? (await firstReadable(beside)),
    installed: await firstReadable(dataFolders.map((folder) => path.join(folder, traceEventsNames[0]))),
  };
}

/** The file of this machine's QEMU is asked for again and again, and takes 50 ms to parse. */
const parsed = new Map<string, { readonly text: string; readonly events: readonly DeclaredEvent[] }>();
const mostParsed = 4;

async function readTraceEvents(file: string | null, required: boolean): Promise<TraceEventsFile | null> {
  if (file === null) return null;
  const text = await readStart(file);
  if (text !== null) {
    return {
      path: file,
      get events() {
        return parsedOnce(file, text);
      },
    };
  }
  if (!required) return null;
  throw new BootscopeError("not-found", `${file} cannot be read.`, "Give the trace-events-all of the QEMU that ran.");
}

function parsedOnce(file: string, text: string): readonly DeclaredEvent[] {
  const known = parsed.get(file);
  if (known?.text === text) return known.events;
  const events = parseEventDescriptions(text);
  if (parsed.size >= mostParsed) parsed.clear();
  parsed.set(file, { text, events });
  return events;
}

async function firstReadable(candidates: readonly string[]): Promise<string | null> {
  for (const candidate of candidates) {
    const handle = await open(candidate, "r").catch(() => null);
    if (handle === null) continue;
    const isFile = (await handle.stat()).isFile();
    await handle.close();
    if (isFile) return candidate;
  }
  return null;
}

/** The beginning of a text file, or null when it cannot be read. */
async function readStart(file: string): Promise<string | null> {
  const handle = await open(file, "r").catch(() => null);
  if (handle === null) return null;
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, mostBytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } catch {
    return null; // a folder of that name
  } finally {
    await handle.close();
  }
}
