/** Recognizes traces by their content; names say nothing. */
import { BootscopeError } from "../../protocol/failure";
import { hasFileMagic } from "../fileHeader";
import { traceFormats } from "./formats";
import type { TraceInput } from "./input/traceInput";
import type { EventsReader, TraceImporter, TraceStart } from "./traceFormat";

export interface Detected {
  /** "bst", or the name of a foreign format. */
  readonly format: string;
  /** Null for a .bst. */
  readonly import: TraceImporter | null;
  /** How to read its events without importing it; null: there is no such way. */
  readonly events: EventsReader | null;
}

/** A log may begin with guest output and QEMU's warnings, but not with more than the last of these. */
const startBytes = [64 * 1024, 1024 * 1024, 8 * 1024 * 1024, 64 * 1024 * 1024];
const paddingBytes = 256;

/**
 * What the input is. Reads its beginning only, which is not consumed.
 * @throws BootscopeError `not-a-trace`
 */
export async function detectFormat(input: TraceInput): Promise<Detected> {
  for (const wanted of startBytes) {
    for (let known = 0; known < wanted;) {
      const bytes = new Uint8Array(wanted + paddingBytes);
      const { bytes: end, whole } = await input.peek(bytes.subarray(0, wanted), known);
      if (end === 0) throw empty(input);
      const found = formatOf(bytes, end, whole);
      if (found !== null) return found;
      if (whole) throw notATrace(input);
      known = end;
    }
  }
  throw notATrace(input);
}

function formatOf(bytes: Uint8Array, end: number, whole: boolean): Detected | null {
  if (hasFileMagic(bytes.subarray(0, end))) return { format: "bst", import: null, events: null };
  const start = new Start(bytes, end, whole);
  for (const format of traceFormats) {
    const importer = format.recognize(start);
    if (importer === null) continue;
    return { format: format.name, import: importer, events: format.recognizeEvents?.(start) ?? null };
  }
  return null;
}

class Start implements TraceStart {
  private latin1: string | null = null;

  constructor(
    readonly bytes: Uint8Array,
    readonly end: number,
    readonly whole: boolean,
  ) {}

  get text(): string {
    this.latin1 ??= Buffer.from(this.bytes.buffer, 0, this.end).toString("latin1");
    return this.latin1;
  }
}

const notATrace = ({ path, problem }: TraceInput): BootscopeError =>
  new BootscopeError(
    "not-a-trace",
    `${path} is not a trace: it is no Bootscope recording, and has no lines or records that tell of executed code.`,
    problem ?? "Record with Trace Boot, or with QEMU's -d exec,nochain.",
  );

const empty = ({ path, problem }: TraceInput): BootscopeError =>
  new BootscopeError("not-a-trace", `${path} is empty.`, problem ?? "Record again: nothing was written to the file.");
