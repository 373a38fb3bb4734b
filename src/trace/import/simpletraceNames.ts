/**
 * Event names of simple traces that hold numbers only: positions in the `trace-events` file that QEMU was built from
 * (scripts/tracetool of QEMU 0.14 to 2.7; trace-events-all for streams without a header).
 */
import { BootscopeError } from "../../protocol/failure";
import type { EventCatalog } from "../events/traceEventsFiles";
import { traceEventsNames } from "../events/traceEventsFiles";
import type { DeclaredEvent } from "../events/eventDescriptions";
import type { SimpletraceHeader } from "./simpletraceRecord";

/**
 * Names of the events by number.
 *
 * In version 0, `disable`d events have numbers in QEMU 0.14 and 0.15, which only switched them off, and none in 1.0 and 1.1. A
 * trace does not say which it was, but the file does: the former disable most events, the latter next to none. In version 2
 * disabled events have no number; in version 3 all have one, and those with `tcg` two. Streams without a header count all.
 */
export function eventNumbers(events: readonly DeclaredEvent[], { version, headerless }: SimpletraceHeader): string[] {
  const disabled = events.filter((event) => event.disabled).length;
  const skipsDisabled = headerless !== true && (version === 2 || (version === 0 && 2 * disabled < events.length));
  const numbered = skipsDisabled ? events.filter((event) => !event.disabled) : events;
  return numbered.flatMap(({ descriptions, tcg }) => {
    const names = descriptions.map(({ name }) => name);
    // Version 2 knew no `tcg`: one number, by its bare name.
    return tcg && version < 3 ? [names[0].replace(/_trans$/, "")] : names;
  });
}

/**
 * The names that a header needs to be understood, or null when the file itself gives them.
 * @throws BootscopeError `unsupported` when there is no file to take them from
 */
export function numbersFor(header: SimpletraceHeader, catalog: EventCatalog, tracePath: string): string[] | null {
  const { version, headerless } = header;
  if (version === 4 && headerless !== true) return null;
  // Numbers are those of one release: that on this machine is not the one that wrote an old trace.
  const file = catalog.own ?? (version === 4 ? catalog.installed : null);
  if (file !== null && file.events.length > 0) return eventNumbers(file.events, header);
  const what = headerless === true ? "without a header" : `of version ${version}`;
  throw new BootscopeError(
    "unsupported",
    `${tracePath} is a QEMU simple trace ${what}, whose events have numbers only, and no trace-events file is beside it.`,
    `Put the ${traceEventsNames.join(" or ")} of the QEMU that wrote it into its folder, or name it with --trace-events or the setting bootscope.traceEvents.descriptions.`,
  );
}
