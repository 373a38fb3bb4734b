import { Category, type Phase } from "../protocol/engine";
import { formatAddress, guestAddress, nanoseconds, type Nanoseconds } from "../protocol/units";
import type { ImageSymbols } from "../symbols/types";
import type { BlockTable } from "../trace/types";
import type { Attribution } from "./attribution";

/** A phase without its cost, which is that of its range. */
export type PhaseSpan = Pick<Phase, "name" | "start" | "end" | "evidence">;

interface Mark {
  readonly name: Phase["name"];
  readonly time: number;
  readonly evidence: string;
}

/** The ways a kernel ends; the earliest one that ran starts the last phase. */
const endings = [
  "kernel_power_off",
  "kernel_restart",
  "kernel_halt",
  "machine_power_off",
  "machine_restart",
  "machine_halt",
];

/**
 * The phases of a boot, each beginning where its mark was executed first. A phase whose mark is missing, or lies before the
 * phase that precedes it, is left out; the phases cover the trace without gaps.
 */
export function bootPhases(
  blocks: BlockTable,
  attribution: Attribution,
  first: Float64Array,
  image: ImageSymbols | null,
  duration: Nanoseconds,
): PhaseSpan[] {
  const finder = new MarkFinder(blocks, attribution, first, image);
  const candidates = [
    finder.reset(),
    finder.firmware(),
    finder.decompressor(),
    finder.kernelEntry(),
    finder.functionStart("start_kernel", ["start_kernel"]),
    finder.functionStart("init", ["kernel_init"]),
    finder.userSpace(),
    finder.functionStart("power off", endings),
  ];
  const marks: Mark[] = [];
  for (const mark of candidates) {
    if (mark !== null && mark.time >= (marks.at(-1)?.time ?? 0)) marks.push(mark);
  }
  return marks.map(({ name, time, evidence }, index) => ({
    name,
    start: nanoseconds(time),
    end: nanoseconds(index + 1 < marks.length ? marks[index + 1].time : Math.max(time, duration)),
    evidence,
  }));
}

class MarkFinder {
  /** Blocks that were executed, in order of their first execution. */
  readonly #order: number[];

  constructor(
    private readonly blocks: BlockTable,
    private readonly attribution: Attribution,
    private readonly first: Float64Array,
    private readonly image: ImageSymbols | null,
  ) {
    this.#order = [...first.keys()]
      .filter((block) => first[block] < Infinity)
      .sort((a, b) => first[a] - first[b] || a - b);
  }

  /** A trace that starts somewhere else (attached late, or a log of a part) has no reset. */
  reset(): Mark | null {
    const block = this.#order.at(0);
    if (block === undefined || this.blocks.address[block] !== 0xffff_fff0n) return null;
    return { name: "reset", time: 0, evidence: "first execution, at the reset vector fffffff0" };
  }

  firmware(): Mark | null {
    return this.#mark(
      "firmware",
      (block) => this.#category(block) === Category.Firmware && this.blocks.address[block] !== 0xffff_fff0n,
      "first execution after the reset vector",
    );
  }

  decompressor(): Mark | null {
    return this.#mark(
      "decompressor",
      (block) => this.#category(block) === Category.Decompressor && this.blocks.address[block] >= 0x10_0000n,
      "first execution at or above 1 MiB before the kernel",
    );
  }

  kernelEntry(): Mark | null {
    const mark = this.#mark("kernel entry", (block) => this.#category(block) === Category.Kernel, "");
    if (mark === null) return null;
    const block = this.#order.find(
      (candidate) => this.first[candidate] === mark.time && this.#category(candidate) === Category.Kernel,
    );
    if (block === undefined) return mark;
    const row = this.#rowOf(block);
    const where = row.note === "" ? row.name : formatAddress(guestAddress(this.blocks.address[block]));
    return { ...mark, evidence: `first execution in the kernel, at ${where}` };
  }

  functionStart(name: Phase["name"], functions: readonly string[]): Mark | null {
    const addresses = new Map<bigint, string>();
    for (const candidate of functions) {
      const address = this.image?.addressOf(candidate) ?? null;
      if (address !== null) addresses.set(address, candidate);
    }
    const block = this.#order.find((candidate) => addresses.has(this.attribution.linkAddress[candidate]));
    if (block === undefined) return null;
    const found = addresses.get(this.attribution.linkAddress[block]) ?? name;
    return { name, time: this.first[block], evidence: `first execution of ${found}` };
  }

  userSpace(): Mark | null {
    const evidence = "first execution in a user-space process";
    return this.#mark("user space", (block) => this.#category(block) === Category.User, evidence);
  }

  #mark(name: Phase["name"], belongs: (block: number) => boolean, evidence: string): Mark | null {
    const block = this.#order.find(belongs);
    return block === undefined ? null : { name, time: this.first[block], evidence };
  }

  #rowOf(block: number): Attribution["rows"][number] {
    return this.attribution.rows[this.attribution.row[this.attribution.start[block]]];
  }

  #category(block: number): Category {
    return this.#rowOf(block).category;
  }
}
