/** Where a guest says that its modules are: /proc/modules and /sys/module, alone or anywhere in a console's text. */

/** A module at one place. */
export interface ListedModule {
  readonly name: string;
  /** Of its first byte of code; null where only sections were listed. */
  readonly address: bigint | null;
  /** Bytes of all that stays loaded; null: not listed. */
  readonly size: number | null;
  /** Where its sections are, by name; most lists have none. */
  readonly sections: ReadonlyMap<string, bigint>;
  /** When it was listed there first and last, in seconds; null where the list has no stamps. */
  readonly seen: { readonly from: number; readonly to: number } | null;
}

export interface ModuleList {
  readonly modules: readonly ListedModule[];
  /** Modules whose address the guest hid, as it does from everybody but root. */
  readonly hidden: number;
}

/** More places than any guest has modules at. */
const mostModules = 2048;

/** A line of m_show() in kernel/module/procfs.c, wherever it begins: name, size, users, their names, state, address. */
const moduleLine = /(?:^|\s)(\w{1,64}) (\d{1,10}) \d+ \S+ (?:Live|Loading|Unloading) 0x([0-9a-f]{8,16})(?!\w)/;
/** What `grep -r "" /sys/module` prints of sections, or their names and contents with a space between. */
const sectionLine = /\/sys\/module\/(\w{1,64})\/sections\/(\S{1,128}?)[:\s]\s*0x([0-9a-f]{1,16})\s*$/;
/** A time before a line, as the kernel's log has it. */
const stampBefore = /^\s*\[\s*(\d{1,9}\.\d{1,9})\]/;
/** A time on a line of its own, for those that follow; /proc/uptime has a second number. */
const stampAlone = /^\s*(?:\[\s*)?(\d{1,9}\.\d{1,9})(?:\s+\d+\.\d+)?\s*(?:\]\s*)?$/;

/** All modules that a text lists. Lines of anything else are left out, so that any bytes are a list, of none at worst. */
export function parseModuleList(text: string): ModuleList {
  const modules = new Places();
  const sections = new Map<string, Map<string, bigint>>();
  let hidden = 0;
  let stamp: number | null = null;
  for (const line of text.split(/\r?\n/)) {
    if (modules.all.length >= mostModules) break;
    const alone = stampAlone.exec(line);
    if (alone !== null) stamp = Number(alone[1]);
    const section = sectionLine.exec(line);
    if (section !== null) {
      const [, name, part, address] = section;
      const known = sections.get(name) ?? new Map<string, bigint>();
      if (known.size < mostModules && !/^0+$/.test(address)) known.set(part, BigInt(`0x${address}`));
      if (sections.size < mostModules) sections.set(name, known);
    }
    const found = moduleLine.exec(line);
    if (found === null) continue;
    const own = stampBefore.exec(line);
    const address = BigInt(`0x${found[3]}`);
    if (address === 0n) hidden++;
    else modules.add({ name: found[1], size: Number(found[2]), address }, own === null ? stamp : Number(own[1]));
  }
  return { modules: withSections(modules.all, sections), hidden };
}

function withSections(
  places: readonly Place[],
  sections: ReadonlyMap<string, ReadonlyMap<string, bigint>>,
): ListedModule[] {
  const uses = new Map<string, number>();
  for (const { name } of places) uses.set(name, (uses.get(name) ?? 0) + 1);
  const listed = places.map(({ name, address, size, seen }): ListedModule => {
    // Which of several places the sections are of is not known.
    const own = uses.get(name) === 1 ? sections.get(name) : undefined;
    return { name, address, size, seen, sections: own ?? new Map<string, bigint>() };
  });
  const others = [...sections].filter(([name, parts]) => !uses.has(name) && parts.size > 0);
  for (const [name, parts] of others) listed.push({ name, address: null, size: null, sections: parts, seen: null });
  return listed;
}

interface Place {
  readonly name: string;
  readonly address: bigint;
  readonly size: number;
  seen: ListedModule["seen"];
  /** Another module was listed there later. */
  isReplaced: boolean;
}

/** Where modules were, in the order in which they were listed first. */
class Places {
  readonly all: Place[] = [];
  readonly #last = new Map<string, Place>();

  /** A place that is listed again was the module's all the time, unless another was listed there meanwhile. */
  add({ name, address, size }: Pick<Place, "name" | "address" | "size">, stamp: number | null): void {
    const key = `${name} ${address}`;
    const known = this.#last.get(key);
    if (known === undefined || known.isReplaced) {
      const seen = stamp === null ? null : { from: stamp, to: stamp };
      const place = { name, address, size, seen, isReplaced: false };
      for (const other of this.all) if (overlap(other, place)) other.isReplaced = true;
      this.all.push(place);
      this.#last.set(key, place);
    } else if (known.seen === null || stamp === null) known.seen = null;
    else known.seen = { from: Math.min(known.seen.from, stamp), to: Math.max(known.seen.to, stamp) };
  }
}

/** Tells a list from others. */
export const moduleListKey = ({ modules }: ModuleList): string =>
  modules
    .flatMap(({ name, address, size, seen, sections }) => [name, address, size, seen?.from, seen?.to, ...sections])
    .join(" ");

interface Extent {
  readonly address: bigint;
  readonly size: number;
}

/** Whether two modules cannot have been there at one time. */
export const overlap = (a: Extent, b: Extent): boolean =>
  a.address < b.address + BigInt(b.size) && b.address < a.address + BigInt(a.size);
