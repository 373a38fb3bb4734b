/** Whether the QEMU found has the events that trace-events files enable. Pure. */
import type { EventNames } from "../../qemu/traceEventList";
import { isDisabled, parseTraceLine } from "../../qemu/traceEvents";

export interface EventsFile {
  readonly lines: Iterable<string>;
  /** `trace-events-all`: also has the events of guests that this QEMU does not emulate. */
  readonly generated: boolean;
}

/** Enabled events that need a build before QEMU can log them. */
export interface RebuildNeed {
  /** In the binary, but compiled out. */
  readonly compiledOut: readonly string[];
  /** Not in the binary at all: added after it was built. */
  readonly missing: readonly string[];
}

/** A file whose events are all unknown belongs to another target: no build of this QEMU would have them. */
export function rebuildNeed(files: Iterable<EventsFile>, { all, compiledOut }: EventNames): RebuildNeed {
  const need = { compiledOut: [] as string[], missing: [] as string[] };
  for (const { lines, generated } of files) {
    const missing: string[] = [];
    let known = 0;
    for (const text of lines) {
      const line = parseTraceLine(text);
      if (line.kind !== "event") continue;
      const { text: name } = line.name;
      if (all.has(name)) known++;
      if (isDisabled(line)) continue;
      if (compiledOut.has(name)) need.compiledOut.push(name);
      else if (!all.has(name)) missing.push(name);
    }
    if (known > 0 && !generated) need.missing.push(...missing);
  }
  return need;
}

/** "a", "a and b", "a, b and 3 more". */
export function listNames(names: readonly string[]): string {
  if (names.length <= 2) return names.join(" and ");
  return `${names.slice(0, 2).join(", ")} and ${names.length - 2} more`;
}
