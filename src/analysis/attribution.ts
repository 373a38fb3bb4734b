import { Category } from "../protocol/engine";
import type { FunctionIndex, ImageSymbols } from "../symbols/types";
import type { BlockTable } from "../trace/types";
import type { CodeObject, GuestCode } from "./guestCode";
import { instructionAddresses, lastInstructionAddress } from "./instructionAddresses";
import { ImagePlace, type Placement } from "./placement";
import type { Region } from "./region";
import { BlockPlaces, regions, type TracedMachine } from "./regions";

/** What costs are summed up by: a function of the image, or a stretch of code that has no name. */
export interface Row {
  /** Of a function, as the source has it. */
  readonly name: string;
  /** Other names in the symbol table of what ran of it: pieces and copies that the compiler made (`f.cold`, `f.isra.0`). */
  readonly rawNames: readonly string[];
  /** Link address of a function of the kernel; where one of a module or program ran; lowest address of the blocks otherwise. */
  readonly address: bigint;
  readonly category: Category;
  /** Empty for a function; else why there is no name. */
  readonly note: string;
  /** Position in the image's functions, or -1. */
  readonly functionIndex: number;
  /** The module or program that the code is of; null for the kernel and for what is not known. */
  readonly module: string | null;
}

/** Which rows the instructions of each block belong to. Block b owns the pieces `start[b]` … `start[b + 1] - 1`. */
export interface Attribution {
  readonly rows: readonly Row[];
  readonly start: Uint32Array;
  /** Row per piece. A block's first piece is where it starts: its executions are counted there. */
  readonly row: Uint32Array;
  /** Instructions per piece; 0 throughout where the trace does not tell. */
  readonly instructions: Uint32Array;
  /** Link address per block, as the image has it; 0 for blocks outside the image. */
  readonly linkAddress: BigUint64Array;
}

export interface AttributionInput {
  readonly blocks: BlockTable;
  /** When each block ran first; Infinity: not yet. */
  readonly first: Float64Array;
  readonly machine: TracedMachine;
  /** Null: no symbols; kernel code is then listed by page. */
  readonly image: ImageSymbols | null;
  readonly placement: Placement;
  /** Modules and programs, whose functions the image has too; null: none are known. */
  readonly code: AttributedCode | null;
  /** Why `image` is null, for the rows' notes, e.g. "no vmlinux". */
  readonly withoutImage: string;
}

/** Which blocks are of modules and programs. */
export interface AttributedCode extends GuestCode {
  readonly objects: readonly CodeObject[];
}

/** Assigns every block of a trace to rows, to the instruction. */
export function attribute(input: AttributionInput): Attribution {
  const { blocks, image } = input;
  const place = image === null ? null : new ImagePlace(image, input.placement);
  const places = new BlockPlaces(blocks, input.first, input.machine, place);
  const rows = new RowTable(image, input.withoutImage);
  const objects = new BlockObjects(input.code);
  const linkAddress = new BigUint64Array(blocks.count);
  const blockRow = new Int32Array(blocks.count).fill(-1);
  for (let block = 0; block < blocks.count; block++) {
    const own = objects.linkAddress(block, blocks.address[block]);
    if (own !== null) {
      linkAddress[block] = own;
      continue;
    }
    const found = places.of(block);
    if (found.kind === "image") linkAddress[block] = found.address;
    else if (found.kind === "region") blockRow[block] = rows.ofRegion(found.region, blocks.address[block]);
    else blockRow[block] = rows.ofPage(blocks.address[block]);
  }
  return { rows: rows.rows, linkAddress, ...splitBlocks(blocks, image, rows, linkAddress, blockRow, objects) };
}

/** Splits the blocks of the image at function borders. `blockRow` holds the row of the others. */
function splitBlocks(
  blocks: BlockTable,
  image: ImageSymbols | null,
  rows: RowTable,
  linkAddress: BigUint64Array,
  blockRow: Int32Array,
  objects: BlockObjects,
): Pick<Attribution, "start" | "row" | "instructions"> {
  const firstFunction = image?.lookupMany(linkAddress);
  const lastFunction = image?.lookupMany(
    linkAddress.map((address, block) => lastInstructionAddress(blocks, block, address)),
  );
  const start = new Uint32Array(blocks.count + 1);
  const row: number[] = [];
  const instructions: number[] = [];
  for (let block = 0; block < blocks.count; block++) {
    start[block] = row.length;
    const outside = blockRow[block];
    const place = { object: objects.of(block), slide: blocks.address[block] - linkAddress[block] };
    if (outside >= 0 || image === null || firstFunction === undefined || lastFunction === undefined) {
      row.push(outside);
      instructions.push(blocks.instructions[block]);
    } else if (firstFunction[block] === lastFunction[block]) {
      row.push(rows.ofFunction(firstFunction[block], linkAddress[block], place));
      instructions.push(blocks.instructions[block]);
    } else {
      const addresses = instructionAddresses(blocks, block, linkAddress[block]);
      const functions = image.lookupMany(addresses);
      for (let i = 0; i < addresses.length; i++) {
        const owner = rows.ofFunction(functions[i], addresses[i], place);
        if (row.length > start[block] && row[row.length - 1] === owner) instructions[instructions.length - 1]++;
        else {
          row.push(owner);
          instructions.push(1);
        }
      }
    }
  }
  start[blocks.count] = row.length;
  return { start, row: Uint32Array.from(row), instructions: Uint32Array.from(instructions) };
}

/** The modules and programs of the blocks. */
class BlockObjects {
  constructor(private readonly code: AttributedCode | null) {}

  of(block: number): CodeObject | null {
    const owner = this.code?.owner[block] ?? -1;
    return this.code === null || owner < 0 ? null : this.code.objects[this.code.placed[owner].file];
  }

  /** The block's address as the image of all files has it; null when it is of none of them. */
  linkAddress(block: number, address: bigint): bigint | null {
    const owner = this.code?.owner[block] ?? -1;
    if (this.code === null || owner < 0) return null;
    const { toFile, file } = this.code.placed[owner];
    return BigInt.asUintN(64, address + toFile + this.code.objects[file].offset);
  }
}

/** Where code that is attributed ran. */
interface CodePlace {
  readonly object: CodeObject | null;
  /** Added to a link address, gives the address at which it ran. */
  readonly slide: bigint;
}

const pageMask = ~0xfffn;

/** The rows so far, found again by what they stand for. */
class RowTable {
  readonly rows: Row[] = [];
  /** By function; pieces and copies have the row of what they were made of. */
  readonly #byFunction = new Map<number, number>();
  readonly #parents = new Map<number, number>();
  readonly #byRegion = new Map<Region, number>();
  readonly #byPage = new Map<bigint, number>();
  readonly #objectRegions = new Map<CodeObject, Region>();

  constructor(
    private readonly image: ImageSymbols | null,
    private readonly withoutImage: string,
  ) {}

  /** Pieces such as `.cold`, and copies such as `.isra.0`, count for the function that they were made of. */
  ofFunction(index: number, address: bigint, { object, slide }: CodePlace): number {
    if (this.image === null || index < 0) return this.ofRegion(this.#unnamedIn(object), address + slide, object);
    const known = this.#byFunction.get(index);
    if (known !== undefined) return known;
    const { functions } = this.image;
    const parent = functions.parent[index] as FunctionIndex;
    const row =
      this.#parents.get(parent) ??
      this.#add({
        name: functions.sourceName(parent),
        rawNames: [],
        address: object === null ? functions.address[parent] : functions.address[parent] + slide,
        category: object?.category ?? Category.Kernel,
        note: "",
        functionIndex: parent,
        module: object?.name ?? null,
      });
    this.#parents.set(parent, row);
    this.#byFunction.set(index, row);
    const raw = functions.name(index as FunctionIndex);
    const { name, rawNames } = this.rows[row];
    if (raw !== name) this.rows[row] = { ...this.rows[row], rawNames: [...rawNames, raw] };
    return row;
  }

  ofRegion(region: Region, address: bigint, object: CodeObject | null = null): number {
    const { name, category, reason } = region;
    const row = this.#byRegion.get(region);
    if (row === undefined) {
      const module = object?.name ?? null;
      const added = this.#add({ name, rawNames: [], address, category, note: reason, functionIndex: -1, module });
      this.#byRegion.set(region, added);
      return added;
    }
    if (address < this.rows[row].address) this.rows[row] = { ...this.rows[row], address };
    return row;
  }

  /** Kernel code without symbols: a row per page still shows where the cost is. */
  ofPage(address: bigint): number {
    const page = address & pageMask;
    let row = this.#byPage.get(page);
    if (row === undefined) {
      const name = `[kernel ${page.toString(16).padStart(16, "0")}]`;
      row = this.#add({
        name,
        rawNames: [],
        address: page,
        category: Category.Kernel,
        note: this.withoutImage,
        functionIndex: -1,
        module: null,
      });
      this.#byPage.set(page, row);
    }
    return row;
  }

  /** Code of the kernel or of a file between its functions, or of a file without any. */
  #unnamedIn(object: CodeObject | null): Region {
    if (object === null) return regions.betweenFunctions;
    let region = this.#objectRegions.get(object);
    if (region === undefined) {
      const { name, category, hasFunctions } = object;
      const reason = hasFunctions ? "no function symbol at this address" : `${name}: the file has no symbols`;
      region = { name: `[${name}]`, category, reason };
      this.#objectRegions.set(object, region);
    }
    return region;
  }

  #add(row: Row): number {
    return this.rows.push(row) - 1;
  }
}
