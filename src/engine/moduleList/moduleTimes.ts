import { overlap, type ListedModule } from "./parseModuleList";

/** When a module was at its place, in nanoseconds of the trace. */
export interface ModuleTime {
  readonly from: number;
  readonly to: number;
}

/**
 * When each module was where it is listed. One that shares its place with no other was there all the time. Of those that were
 * there one after the other, each counts from its first listing, unless it was the first, to its last, unless it was the last: what
 * is between is of nobody. Null: nothing says which of them was there when.
 * @param hasClock false: the trace's times are no seconds, and stamps say nothing
 */
export function moduleTimes(modules: readonly ListedModule[], hasClock: boolean): (ModuleTime | null)[] {
  return modules.map((module) => {
    const others = modules.filter((other) => other !== module && share(other, module));
    if (others.length === 0) return { from: 0, to: Infinity };
    const { seen } = module;
    if (!hasClock || seen === null) return null;
    const times = others.map((other) => other.seen);
    if (times.some((time) => time === null || (time.from <= seen.to && seen.from <= time.to))) return null;
    const isFirst = times.every((time) => time !== null && time.from > seen.to);
    const isLast = times.every((time) => time !== null && time.to < seen.from);
    return { from: isFirst ? 0 : seen.from * 1e9, to: isLast ? Infinity : seen.to * 1e9 };
  });
}

function share(a: ListedModule, b: ListedModule): boolean {
  if (a.address === null || b.address === null || a.size === null || b.size === null) return false;
  return overlap({ address: a.address, size: a.size }, { address: b.address, size: b.size });
}
