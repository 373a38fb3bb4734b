import type { CodePart, Likeness, RecordedCode } from "../symbols/code/codePart";
import { compareCode, outgoingBranch, pageBytes } from "../symbols/code/codePart";
import { BlockFlag } from "../trace/blocks";
import { crc32 } from "../trace/crc";
import { Terminator, type BlockTable } from "../trace/types";

/** A part of a file at the place where the guest ran it. */
export interface PlacedPart<Part extends CodePart = CodePart> {
  readonly part: Part;
  /** Run-time address of the part's first byte. */
  readonly base: bigint;
  /** Blocks that have the part's bytes. */
  readonly blocks: readonly number[];
}

/** What a branch to a symbol of another file must go to; null: not known. */
export type TargetOf = (symbol: string) => bigint | null;

/** Blocks that a search starts from, for each stretch of code that nothing explains yet. */
const seedsPerStretch = 32;
/** Code further apart than this is of different files, or at least worth a seed of its own. */
const stretchGap = 0x1_0000n;
/** Smaller blocks are alike in all programs. */
const smallestSeed = 10;
/** So many bytes in so many blocks have to be those of a part before it is believed to be there. */
const enoughBytes = 40;
const enoughBlocks = 3;

/** Compares the blocks of a trace with code. */
export class CodeSearch<Part extends CodePart> {
  /** Blocks to explain, by ascending address. */
  readonly #order: number[];

  /** @param candidates the blocks that nothing else explains; those without recorded bytes are left out */
  constructor(
    private readonly blocks: BlockTable,
    candidates: readonly number[],
    private readonly targetOf: TargetOf,
  ) {
    this.#order = candidates
      .filter((block) => (blocks.flags[block] & BlockFlag.HasCrc) !== 0)
      .sort((a, b) => compare(blocks.address[a], blocks.address[b]) || a - b);
  }

  /**
   * Where parts were, as far as bytes tell. Takes the part that explains most around a seed, then goes on with what is left.
   * @param prepare gives a part that a seed was found in its patches
   */
  async find(parts: readonly Part[], prepare: (part: Part) => Promise<Part>): Promise<PlacedPart<Part>[]> {
    const found: PlacedPart<Part>[] = [];
    const explained = new Set<number>();
    const known = new Set<string>();
    for (const seed of this.#seeds()) {
      if (explained.has(seed)) continue;
      let best: PlacedPart<Part> | null = null;
      for (const { part, index, base } of this.#places(parts, seed)) {
        const key = `${index} ${base}`;
        if (known.has(key)) continue;
        known.add(key);
        const placed = this.at(await prepare(part), base);
        if (placed !== null && placed.blocks.length > (best?.blocks.length ?? 0)) best = placed;
      }
      if (best === null) continue;
      found.push(best);
      for (const block of best.blocks) explained.add(block);
    }
    return found;
  }

  /** The part at a place, when enough blocks have its bytes; else null. */
  at(part: Part, base: bigint): PlacedPart<Part> | null {
    const blocks = this.blocksIn(base, part.bytes.length).filter(
      (block) => this.likeness(part, base, block) === "same",
    );
    const bytes = blocks.reduce((sum, block) => sum + this.blocks.size[block], 0);
    return blocks.length >= enoughBlocks && bytes >= enoughBytes ? { part, base, blocks } : null;
  }

  /**
   * Where a module's code for initialisation was, which has little but calls and addresses that were relocated. That the module
   * was loaded is known by its other code, so that less is asked: one block that is the same, and as many as anywhere.
   * @param free blocks that nothing else explains for sure
   */
  initialisation(part: Part, free: ReadonlySet<number>): PlacedPart<Part> | null {
    let best: PlacedPart<Part> | null = null;
    const tried = new Set<bigint>();
    for (const seed of free) {
      const page = this.blocks.address[seed] & ~BigInt(pageBytes - 1);
      for (let base = page; page - base < part.bytes.length; base -= BigInt(pageBytes)) {
        if (tried.has(base)) continue;
        tried.add(base);
        const blocks = this.blocksIn(base, part.bytes.length).filter(
          (block) => free.has(block) && this.likeness(part, base, block) === "same",
        );
        if (blocks.length > (best?.blocks.length ?? 0)) best = { part, base, blocks };
      }
    }
    return best;
  }

  likeness(part: Part, base: bigint, block: number): Likeness {
    const offset = Number(this.blocks.address[block] - base);
    const likeness = compareCode(part, offset, this.#code(block), crc32);
    if (likeness === "different") return likeness;
    const branch = outgoingBranch(part, offset, this.blocks.size[block]);
    const target = branch?.symbol === undefined ? null : this.targetOf(branch.symbol);
    if (target === null) return likeness;
    return this.blocks.target[block] === target ? "same" : "different";
  }

  /** Blocks that start in a stretch of addresses. */
  blocksIn(start: bigint, length: number): number[] {
    const from = this.#position(start);
    const to = this.#position(start + BigInt(length));
    return this.#order.slice(from, to);
  }

  /** For each stretch of code the blocks that tell most: long ones. */
  #seeds(): number[] {
    const { address, size } = this.blocks;
    const seeds: number[] = [];
    let stretch: number[] = [];
    const end = (): void => {
      const best = stretch.filter((block) => size[block] >= smallestSeed).sort((a, b) => size[b] - size[a] || a - b);
      seeds.push(...best.slice(0, seedsPerStretch));
      stretch = [];
    };
    for (const block of this.#order) {
      const last = stretch.at(-1);
      const first = stretch.at(0);
      if (last !== undefined && first !== undefined) {
        const apart =
          address[block] - address[last] > BigInt(pageBytes) || address[block] - address[first] > stretchGap;
        if (apart) end();
      }
      stretch.push(block);
    }
    end();
    return seeds;
  }

  /** Places of parts that would explain a block by bytes that no loader changes. */
  *#places(parts: readonly Part[], block: number): Generator<{ part: Part; index: number; base: bigint }> {
    const address = this.blocks.address[block];
    const code = this.#code(block);
    for (const [index, part] of parts.entries()) {
      if (part.fixed) {
        const offset = Number(address - part.start);
        if (compareCode(part, offset, code, crc32) === "same") yield { part, index, base: part.start };
        continue;
      }
      const first = Number((address - BigInt(part.pageOffset)) & BigInt(pageBytes - 1));
      for (let offset = first; offset + code.size <= part.bytes.length; offset += pageBytes) {
        if (crc32(part.bytes.subarray(offset, offset + code.size)) !== code.crc) continue;
        yield { part, index, base: address - BigInt(offset) };
      }
    }
  }

  #code(block: number): RecordedCode {
    const { address, size, crc, target, terminator, terminatorLength } = this.blocks;
    const endsInReturn = terminator[block] === (Terminator.Return as number) && terminatorLength[block] === 1;
    return { address: address[block], size: size[block], crc: crc[block], target: target[block], endsInReturn };
  }

  #position(address: bigint): number {
    let [low, high] = [0, this.#order.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.blocks.address[this.#order[middle]] < address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
