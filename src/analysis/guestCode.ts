import type { Category } from "../protocol/engine";
import type { CodePart } from "../symbols/code/codePart";
import { BlockFlag, unknownPhysicalAddress } from "../trace/blocks";
import type { BlockTable } from "../trace/types";
import { CodeSearch, type PlacedPart, type TargetOf } from "./codeSearch";

/** A part of the code of one of the files that may have run in the guest. */
export interface FilePart extends CodePart {
  /** Number of the file. */
  readonly file: number;
  /** A kernel module: its code for initialisation lies elsewhere than the rest, and is freed. */
  readonly isModule: boolean;
  readonly isInitialisation: boolean;
  /** Where it was, as somebody said; null: to be found by its bytes. */
  readonly base: bigint | null;
  /** When it was at `base`, in nanoseconds; absent: all the time. */
  readonly time?: { readonly from: number; readonly to: number };
}

/** A file whose code was found in the guest. */
export interface CodeObject {
  /** As people call it: `ext4`, `busybox`. */
  readonly name: string;
  readonly path: string;
  readonly category: Category;
  /** Added to an address of the file, gives one that no other file of the trace has: its link address among them all. */
  readonly offset: bigint;
  /** False: a stripped file, whose code is known but has no names. */
  readonly hasFunctions: boolean;
}

/** Where a part of a file was. */
export interface PlacedCode {
  readonly file: number;
  /** Run-time addresses. */
  readonly start: bigint;
  readonly end: bigint;
  /** To be added to a run-time address for the address in the file. */
  readonly toFile: bigint;
  /** Blocks that have the file's bytes; those without recorded bytes too, where somebody says that it was here. */
  readonly same: number;
}

/** Which file the blocks of a trace come from. */
export interface GuestCode {
  readonly placed: readonly PlacedCode[];
  /** Position in `placed` per block, or -1. */
  readonly owner: Int32Array;
}

/** The modules and programs of a trace: which blocks are theirs, and the files that name them. */
export interface FoundCode extends GuestCode {
  readonly objects: readonly CodeObject[];
}

export interface GuestCodeInput {
  readonly blocks: BlockTable;
  /** When each block ran first. */
  readonly first: Float64Array;
  /** Blocks that the files may explain. */
  readonly candidates: readonly number[];
  readonly parts: readonly FilePart[];
  /** Where symbols of the kernel were. */
  readonly targetOf: TargetOf;
  /** Gives a part of a file the places in it that a loader changes. */
  readonly prepare: (part: FilePart) => Promise<FilePart>;
}

/** Finds the files' code in the guest, by the bytes of the blocks that it executed. */
export async function findGuestCode(input: GuestCodeInput): Promise<GuestCode> {
  const search = new CodeSearch<FilePart>(input.blocks, input.candidates, input.targetOf);
  const [told, untold] = [
    input.parts.filter(({ base }) => base !== null),
    input.parts.filter(({ base }) => base === null),
  ];
  const found = told.flatMap((part) => placedAsTold(part, input, search) ?? []);
  found.push(...(await search.find(untold, input.prepare)));
  const sure = new Set(found.flatMap(({ blocks }) => blocks));
  const free = new Set(input.candidates.filter((block) => !sure.has(block)));
  const loaded = new Set(found.filter(({ part }) => part.isModule).map(({ part }) => part.file));
  const placed = new Set(found.filter(({ part }) => part.isInitialisation).map(({ part }) => part.file));
  for (const part of input.parts) {
    if (!part.isInitialisation || !loaded.has(part.file) || placed.has(part.file)) continue;
    const initialisation = search.initialisation(await input.prepare(part), free);
    if (initialisation === null) continue;
    found.push(initialisation);
    for (const block of initialisation.blocks) free.delete(block);
  }
  return { placed: found.map(describe), owner: new Owners(input, search, found).owner };
}

const always = { from: 0, to: Infinity };

/** A part where somebody says it was, unless recorded bytes are others: with the blocks that have its bytes, or have none recorded. */
function placedAsTold(
  part: FilePart,
  input: GuestCodeInput,
  search: CodeSearch<FilePart>,
): PlacedPart<FilePart> | null {
  const { address, flags } = input.blocks;
  const { base, time = always } = part;
  if (base === null) return null;
  const end = base + BigInt(part.bytes.length);
  const inside = input.candidates.filter((block) => {
    const first = input.first[block];
    return address[block] >= base && address[block] < end && first >= time.from && first <= time.to;
  });
  const blocks = inside.filter(
    (block) => (flags[block] & BlockFlag.HasCrc) === 0 || search.likeness(part, base, block) === "same",
  );
  return blocks.length === 0 ? null : { part, base, blocks };
}

function describe({ part, base, blocks }: PlacedPart<FilePart>): PlacedCode {
  return {
    file: part.file,
    start: base,
    end: base + BigInt(part.bytes.length),
    toFile: part.start - base,
    same: blocks.length,
  };
}

/** Decides which of the parts at an address a block belongs to. */
class Owners {
  readonly owner: Int32Array;
  /** Per page of a part: blocks on it that are surely the part's. */
  readonly #onPage = new Map<string, number>();
  /** When a part's code ran first, for sure. */
  readonly #start: number[];

  constructor(
    private readonly input: GuestCodeInput,
    private readonly search: CodeSearch<FilePart>,
    private readonly found: readonly PlacedPart<FilePart>[],
  ) {
    const { blocks, first } = input;
    this.owner = new Int32Array(blocks.count).fill(-1);
    this.#start = found.map((placed) =>
      placed.blocks.reduce((least, block) => Math.min(least, first[block]), Infinity),
    );
    for (const [index, placed] of found.entries()) {
      for (const block of placed.blocks) {
        const page = this.#page(index, block);
        this.#onPage.set(page, (this.#onPage.get(page) ?? 0) + 1);
      }
    }
    this.#take("same");
    this.#take("unknown");
  }

  /** Gives blocks without an owner to the best of the parts that they are like. */
  #take(likeness: "same" | "unknown"): void {
    const best = new Map<number, number>();
    for (const [index, { part, base, blocks }] of this.found.entries()) {
      const inside = likeness === "same" ? blocks : this.search.blocksIn(base, part.bytes.length);
      for (const block of inside) {
        if (this.owner[block] >= 0) continue;
        if (likeness === "unknown" && this.search.likeness(part, base, block) !== "unknown") continue;
        const other = best.get(block);
        if (other === undefined || this.#isBetter(index, other, block)) best.set(block, index);
      }
    }
    for (const [block, index] of best) this.owner[block] = index;
  }

  /** By the other blocks on the same page of memory, then by time: what was there last when the block ran. */
  #isBetter(index: number, other: number, block: number): boolean {
    const onPage = (at: number): number => this.#onPage.get(this.#page(at, block)) ?? 0;
    const votes = onPage(index) - onPage(other);
    if (votes !== 0) return votes > 0;
    const when = this.input.first[block];
    const [own, others] = [this.#start[index], this.#start[other]];
    if (own <= when !== others <= when) return own <= when;
    return own <= when ? own > others : own < others;
  }

  /** The page that a block is on, in a part: by its physical address where that was recorded. */
  #page(index: number, block: number): string {
    const { address, physicalAddress } = this.input.blocks;
    const physical = physicalAddress[block];
    const where = physical === unknownPhysicalAddress ? "" : (physical >> 12n).toString(36);
    return `${index} ${(address[block] >> 12n).toString(36)} ${where}`;
  }
}
