import type { GuestAddress } from "../protocol/units";
import { joinFrames } from "./joinedFrames";
import { JoinedLines, type MemberAddresses } from "./joinedLines";
import type { FunctionIndex, FunctionTable, ImageSymbols, InlineFrames, LineTable, LoadSegment } from "./types";

/** A file beside the kernel (a module, a program), and where its addresses lie among those of all. */
export interface JoinedFile {
  readonly image: ImageSymbols;
  /** Written behind the names of its functions, as /proc/kallsyms does: `ext4_readdir [ext4]`. */
  readonly name: string;
  /** Added to an address of the file. */
  readonly offset: bigint;
  /** Addresses from here to `end` are the file's, after the offset was added. */
  readonly start: bigint;
  readonly end: bigint;
}

interface Member {
  readonly image: ImageSymbols;
  readonly suffix: string;
  readonly offset: bigint;
  readonly firstFunction: number;
}

/**
 * The kernel and files beside it as one image: each file has addresses of its own, which no guest uses, so that an address tells
 * the file even where two were at the same place one after the other. What is not of a file is the kernel's.
 */
export class JoinedImage implements ImageSymbols {
  readonly path: string;
  readonly machine: ImageSymbols["machine"];
  readonly isLinked: boolean;
  readonly buildId: string | null;
  readonly banner: string | null;
  readonly segments: readonly LoadSegment[];
  readonly functions: FunctionTable;
  readonly hasLines: boolean;
  private readonly members: readonly Member[];
  /** The member of each file, in the order of `files`. */
  private readonly memberOf: readonly number[];
  private readonly kernelMember: number;
  private lineTable: JoinedLines | null = null;

  constructor(
    private readonly kernel: ImageSymbols,
    private readonly files: readonly JoinedFile[],
  ) {
    const { path, machine, isLinked, buildId, banner, segments } = kernel;
    this.path = path;
    this.machine = machine;
    this.isLinked = isLinked;
    this.buildId = buildId;
    this.banner = banner;
    this.segments = segments;
    this.hasLines = kernel.hasLines || files.some(({ image }) => image.hasLines);
    const all = [
      ...files.map(({ image, name, offset }, file) => ({ image, suffix: ` [${name}]`, offset, file })),
      { image: kernel, suffix: "", offset: 0n, file: -1 },
    ].sort((a, b) => compareFirst(a, b));
    let firstFunction = 0;
    this.members = all.map(({ image, suffix, offset }) => {
      const member = { image, suffix, offset, firstFunction };
      firstFunction += image.functions.count;
      return member;
    });
    this.memberOf = files.map((_, file) => all.findIndex((member) => member.file === file));
    this.kernelMember = all.findIndex(({ file }) => file < 0);
    this.functions = joinFunctions(this.members, firstFunction);
  }

  /** The first of the files' problems. */
  get problem(): string | null {
    return this.kernel.problem ?? this.members.find(({ image }) => image.problem !== null)?.image.problem ?? null;
  }

  linesFor(_addresses: BigUint64Array, signal?: AbortSignal): Promise<LineTable | null> {
    return this.lines(signal);
  }

  async lines(signal?: AbortSignal, progress?: (done: number, total: number) => void): Promise<LineTable | null> {
    if (this.lineTable === null) {
      const tables: (LineTable | null)[] = [];
      for (const { image } of this.members) {
        tables.push(await image.lines(signal, image === this.kernel ? progress : undefined));
      }
      if (tables.every((table) => table === null)) return null;
      this.lineTable ??= new JoinedLines(tables, (addresses) => this.split(addresses));
    }
    return this.lineTable;
  }

  async inlineFramesMany(addresses: BigUint64Array, signal?: AbortSignal): Promise<InlineFrames | null> {
    const lines = await this.lines(signal);
    if (lines === null) return null;
    const parts = this.split(addresses);
    const found: (InlineFrames | null)[] = [];
    for (const [index, { addresses: own }] of parts.entries()) {
      found.push(own.length === 0 ? null : await this.members[index].image.inlineFramesMany(own, signal));
    }
    const suffixes = this.members.map(({ suffix }) => suffix);
    return joinFrames(addresses, parts, found, this, suffixes);
  }

  lookupMany(addresses: BigUint64Array): Int32Array {
    const result = new Int32Array(addresses.length).fill(-1);
    this.split(addresses).forEach(({ addresses: own, at }, index) => {
      const { image, firstFunction } = this.members[index];
      image.lookupMany(own).forEach((found, i) => {
        if (found >= 0) result[at[i]] = found + firstFunction;
      });
    });
    return result;
  }

  /** Of the kernel alone: names of other files may be the same. */
  addressOf(name: string): GuestAddress | null {
    return this.kernel.addressOf(name);
  }

  /** Of the kernel alone. */
  read(address: GuestAddress, length: number): Uint8Array | null {
    return this.kernel.read(address, length);
  }

  close(): void {
    for (const { image } of this.members) image.close();
  }

  /** Sorts addresses by member, as each of them has them. */
  private split(addresses: BigUint64Array): MemberAddresses[] {
    const at: number[][] = this.members.map(() => []);
    for (let index = 0; index < addresses.length; index++) {
      const address = addresses[index];
      const file = this.files.findIndex(({ start, end }) => address >= start && address < end);
      at[file < 0 ? this.kernelMember : this.memberOf[file]].push(index);
    }
    return at.map((own, member) => ({
      at: own,
      addresses: BigUint64Array.from(own, (index) => addresses[index] - this.members[member].offset),
    }));
  }
}

function compareFirst(a: Pick<Member, "image" | "offset">, b: Pick<Member, "image" | "offset">): number {
  const first = ({ image, offset }: Pick<Member, "image" | "offset">) => (image.functions.address.at(0) ?? 0n) + offset;
  return first(a) < first(b) ? -1 : 1;
}

function joinFunctions(members: readonly Member[], count: number): FunctionTable {
  const address = new BigUint64Array(count);
  const size = new Uint32Array(count);
  const parent = new Int32Array(count);
  for (const { image, offset, firstFunction } of members) {
    const { functions } = image;
    for (let index = 0; index < functions.count; index++) {
      address[firstFunction + index] = functions.address[index] + offset;
      size[firstFunction + index] = functions.size[index];
      parent[firstFunction + index] = functions.parent[index] + firstFunction;
    }
  }
  const nameBy = (how: "name" | "sourceName") => (index: FunctionIndex) => {
    const member = members.findLast(({ firstFunction }) => firstFunction <= index);
    if (member === undefined) throw new RangeError(`there is no function ${index}`);
    return member.image.functions[how]((index - member.firstFunction) as FunctionIndex) + member.suffix;
  };
  return { count, address, size, parent, name: nameBy("name"), sourceName: nameBy("sourceName") };
}
