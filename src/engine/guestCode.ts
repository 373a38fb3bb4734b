import { findGuestCode, type CodeObject, type FilePart, type FoundCode, type GuestCode } from "../analysis/guestCode";
import { ImagePlace } from "../analysis/placement";
import { codeCandidates, hasBytes, tracedMachine } from "../analysis/regions";
import { Category } from "../protocol/engine";
import { BootscopeError } from "../protocol/failure";
import type { CodePart } from "../symbols/code/codePart";
import { readCodeParts } from "../symbols/code/readCodeParts";
import { withPatches } from "../symbols/code/readPatches";
import { SegmentType } from "../symbols/elf/constants";
import { ElfFile } from "../symbols/elf/elfFile";
import type { ImageSymbols } from "../symbols/types";
import type { ChosenImage } from "./chooseImage";
import type { CodeFile } from "./guestFiles/codeFiles";
import type { GuestFiles } from "./guestFiles/sources";
import type { Images } from "./images";
import { listedBase, listedFiles } from "./moduleList/listedModules";
import type { ScannedTrace } from "./scannedTrace";

/** Code that is looked through at most, in bytes: it is in memory meanwhile. */
const mostCodeBytes = 256 * 1024 * 1024;
/** Fewer unexplained blocks of modules than this are not worth reading all modules of a kernel. */
const worthAllModules = 3;

/**
 * Finds the modules and programs that a trace executed by the bytes of its blocks, in a completely read trace. Null when there are
 * none. Where the trace has no bytes, modules are where the guest said.
 */
export async function findCode(
  scanned: ScannedTrace,
  chosen: ChosenImage,
  files: GuestFiles,
  images: Images,
  signal: AbortSignal,
): Promise<FoundCode | null> {
  const kernel = await chosen.image.open();
  const { file, profile } = scanned;
  const place = new ImagePlace(kernel, chosen.placement);
  const candidates = codeCandidates(file.blocks, profile.first, tracedMachine(file.metadata), place);
  const search = new Search(scanned, kernel, chosen.placement.virtualSlide, signal);
  try {
    const likely = await files.likely(signal);
    const likelyModules = likely.filter(({ isModule }) => isModule);
    if (hasBytes(file.blocks)) {
      await search.find(likelyModules, candidates.kernel);
      if (search.unexplained(candidates.kernel).length >= worthAllModules) {
        const known = new Set(search.files.map(({ name }) => name));
        const others = (await files.allModules(signal)).filter(({ name }) => !known.has(name));
        await search.find(others, search.unexplained(candidates.kernel));
      }
    } else if (files.modules !== null && candidates.kernel.length > 0) {
      const all = [...likelyModules, ...(await files.allModules(signal))];
      await search.find(listedFiles(files.modules, all, file.metadata.clock?.kind === "host"), candidates.kernel);
    }
    await search.find(
      likely.filter(({ isModule }) => !isModule),
      candidates.user,
    );
    await search.find(await files.boot(), candidates.boot);
    return await search.result((found) => files.symbolsOf(found), images);
  } finally {
    await search.close();
  }
}

/** Files that are looked for in a trace, one group after the other. */
class Search {
  /** By the number that parts and places have. */
  readonly files: CodeFile[] = [];
  readonly #open = new Map<number, ElfFile>();
  readonly #prepared = new Map<FilePart, FilePart>();
  readonly #targets = new Map<string, bigint | null>();
  readonly #found: GuestCode[] = [];
  #codeBytes = 0;

  constructor(
    private readonly scanned: ScannedTrace,
    private readonly kernel: ImageSymbols,
    private readonly slide: bigint,
    private readonly signal: AbortSignal,
  ) {}

  async find(files: readonly CodeFile[], candidates: readonly number[]): Promise<void> {
    if (candidates.length === 0) return;
    const parts: FilePart[] = [];
    for (const file of files) {
      this.signal.throwIfAborted();
      parts.push(...(await this.#partsOf(file)));
    }
    const { file, profile } = this.scanned;
    this.#found.push(
      await findGuestCode({
        blocks: file.blocks,
        first: profile.first,
        candidates,
        parts,
        targetOf: (symbol) => this.#targetOf(symbol),
        prepare: (part) => this.#prepare(part),
      }),
    );
  }

  /** Those of these blocks that no file explains. */
  unexplained(blocks: readonly number[]): number[] {
    return blocks.filter((block) => this.#found.every(({ owner }) => owner[block] < 0));
  }

  /** What was found, with the files that have the symbols. */
  async result(symbolsOf: (file: CodeFile) => Promise<string>, images: Images): Promise<FoundCode | null> {
    const used = [...new Set(this.#found.flatMap(({ placed }) => placed.map(({ file }) => file)))];
    if (used.length === 0) return null;
    const objects: CodeObject[] = [];
    for (const [position, number] of used.entries()) {
      const file = this.files[number];
      const path = await symbolsOf(file);
      const { functions, lowest } = await describeImage(path, images);
      const category = file.boot?.category ?? (file.isModule ? Category.Module : Category.User);
      const offset = firstAddress + BigInt(position) * addressesPerFile - lowest;
      objects.push({ name: file.name, path, category, offset, hasFunctions: functions > 0 });
    }
    return { objects, ...this.#joined(used) };
  }

  async close(): Promise<void> {
    for (const file of this.#open.values()) await file.close();
  }

  /** One list of places, with files numbered by their position in `used`. */
  #joined(used: readonly number[]): GuestCode {
    const owner = new Int32Array(this.scanned.file.blocks.count).fill(-1);
    const placed = this.#found.flatMap((found) => found.placed);
    let before = 0;
    for (const found of this.#found) {
      found.owner.forEach((index, block) => {
        if (index >= 0) owner[block] = before + index;
      });
      before += found.placed.length;
    }
    return { owner, placed: placed.map((one) => ({ ...one, file: used.indexOf(one.file) })) };
  }

  /** The code of a file; nothing when it cannot be read, or when there is too much of it already. */
  async #partsOf(file: CodeFile): Promise<FilePart[]> {
    if (this.#codeBytes > mostCodeBytes) return [];
    const number = this.files.push(file) - 1;
    try {
      const elf = await ElfFile.open(file.path);
      try {
        const read = await readCodeParts(elf);
        const { isModule, boot } = file;
        const parts = read.flatMap((part, index): FilePart[] => {
          const isInitialisation = isModule && index > 0;
          const base = placeOf(file, elf, part, isInitialisation);
          // The list is all that is known: where it does not tell, nothing is found.
          if (base === null && file.listed !== undefined) return [];
          // Boot code is linked at 0, or moves itself.
          const fixed = part.fixed && boot === undefined;
          const { time } = file.listed ?? {};
          return [{ ...part, fixed, file: number, isModule, isInitialisation, base, ...(time && { time }) }];
        });
        this.#codeBytes += parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
        return parts;
      } finally {
        await elf.close();
      }
    } catch (error) {
      if (error instanceof BootscopeError) return [];
      throw error;
    }
  }

  async #prepare(part: FilePart): Promise<FilePart> {
    const known = this.#prepared.get(part);
    if (known !== undefined) return known;
    let elf = this.#open.get(part.file);
    if (elf === undefined) this.#open.set(part.file, (elf = await ElfFile.open(this.files[part.file].path)));
    const [{ patches }] = await withPatches(elf, [part]);
    const prepared = { ...part, patches };
    this.#prepared.set(part, prepared);
    return prepared;
  }

  #targetOf(symbol: string): bigint | null {
    let target = this.#targets.get(symbol);
    if (target === undefined) {
      const address = this.kernel.addressOf(symbol);
      this.#targets.set(symbol, (target = address === null ? null : address + this.slide));
    }
    return target;
  }
}

/** Where a part was by what somebody said; null: nothing was said. */
function placeOf(file: CodeFile, elf: ElfFile, part: CodePart, isInitialisation: boolean): bigint | null {
  if (file.listed !== undefined) return listedBase(file.listed, elf, part, isInitialisation);
  return toldBase(file, elf, part.start);
}

/** Where a part was by what somebody said of the file's first loaded byte; null: nothing was said. */
function toldBase({ boot }: CodeFile, { segments }: ElfFile, start: bigint): bigint | null {
  if (boot === undefined || boot.address === null) return null;
  const loaded = segments.filter(({ type, fileSize }) => type === SegmentType.Load && fileSize > 0);
  const first = loaded.reduce((least, { virtualAddress: at }) => (at < least ? at : least), start);
  return boot.address + start - first;
}

/**
 * Addresses that no machine executes at (they are canonical on none of the architectures), a stretch for each file: what makes
 * an address tell the file.
 */
export const firstAddress = 1n << 56n;
export const addressesPerFile = 1n << 40n;

async function describeImage(path: string, images: Images): Promise<{ functions: number; lowest: bigint }> {
  const lease = await images.acquire(path);
  try {
    const { functions, segments } = lease.image;
    const starts = segments.filter(({ executable }) => executable).map(({ virtualAddress }) => virtualAddress);
    const lowest = starts.reduce<bigint | null>((least, at) => (least === null || at < least ? at : least), null);
    return { functions: functions.count, lowest: (lowest ?? 0n) & ~0xfffn };
  } finally {
    lease.release();
  }
}
