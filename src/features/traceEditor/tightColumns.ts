/** Makes the engine's answers fit for VS Code's message channel to a page. */
import type { EventNames, EventsPage, FunctionsPage, Timeline } from "../../protocol/engine";
import type { PageFunctions } from "../../protocol/page";
import { formatAddress, guestAddress } from "../../protocol/units";

/** A copy that owns its whole buffer: the channel sends the buffer behind a view, not the view. */
const tight = <T extends Float64Array | Uint32Array | Uint8Array>(column: T): T => column.slice() as T;

/** Addresses become hex text, because the channel refuses bigints. */
export function pageFunctions(page: FunctionsPage): PageFunctions {
  return {
    ...page,
    address: Array.from(page.address, (address) => formatAddress(guestAddress(address))),
    hits: tight(page.hits),
    id: tight(page.id),
    // A Node Buffer is a Uint8Array that the channel would turn into JSON.
    category: Uint8Array.from(page.category),
    line: tight(page.line),
    executions: tight(page.executions),
    instructions: tight(page.instructions),
    time: tight(page.time),
    first: tight(page.first),
  };
}

export const pageTimeline = (timeline: Timeline): Timeline => ({ ...timeline, values: timeline.values.map(tight) });

export const pageEvents = (page: EventsPage): EventsPage => ({
  ...page,
  time: tight(page.time),
  thread: tight(page.thread),
});

export const pageEventNames = (names: EventNames): EventNames => ({ ...names, count: tight(names.count) });
