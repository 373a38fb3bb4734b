import { BootscopeError, toFailure } from "../protocol/failure";
import { guestAddress, type GuestAddress } from "../protocol/units";
import { readBanner } from "./banner";
import { DebugSections } from "./dwarf/debugSections";
import { loadLineTable } from "./dwarf/lineLoader";
import { keptLines, SearchableLines } from "./dwarf/lineTable";
import { loadUnitLines } from "./dwarf/unitLines";
import { ElfMachine, SectionFlag, SegmentFlag, SegmentType } from "./elf/constants";
import { ElfFile } from "./elf/elfFile";
import type { ElfSection, ElfSegment } from "./elf/headers";
import { miniDebugSection, openMiniDebugInfo } from "./elf/miniDebugInfo";
import { readBuildId } from "./elf/notes";
import { cutSymbols, readSymbols, type SymbolColumns } from "./elf/symbolTable";
import { onePerAddress, selectFunctionSymbols, type FunctionSymbol } from "./functionSymbols";
import { keptFunctions, SearchableFunctions } from "./functionTable";
import { readKallsymsColumns } from "./kallsyms/columns";
import { inlineFramesMany } from "./inlineFrames";
import { ImageBytes } from "./imageBytes";
import { imageIdentity, noStore, type ImageStore, type OpenStore } from "./imageStore";
import { Inlines } from "./inlines";
import { openSymbolMap } from "./symbolMap";
import { findAddress } from "./symbolNames";
import type { ImageSymbols, InlineFrames, LineTable, LoadSegment } from "./types";

/** Up to so many addresses it is quicker to read the line tables of their units than all of them. */
const fewAddresses = 64;

/** The kernel inside of a bootable image; null for a file that is none. Rejects with BootscopeError. */
export type UnpackKernel = (path: string) => Promise<Uint8Array | null>;

/**
 * Opens an ELF image (vmlinux, firmware, user program, or an object such as a module) for symbolization: headers, build-id and
 * symbol table are read now, the line table when `lines` is called. A System.map opens as names only. The caller closes it.
 * @param unpack gives the ELF file in a bootable image, which has no symbols but those that the kernel carries for itself
 * @param openStore where what is read of the image is kept for the next time
 *
 * Rejects with BootscopeError: "not-found", "unreadable", "no-symbols" (not ELF), "unsupported", "damaged". An image without
 * symbols or lines opens, with empty tables.
 */
export async function openImage(
  path: string,
  openStore: OpenStore = () => noStore,
  unpack: UnpackKernel = () => Promise.resolve(null),
): Promise<ImageSymbols> {
  const map = await openSymbolMap(path);
  if (map !== null) return map;
  const unpacked = await unpack(path);
  const file = unpacked === null ? await ElfFile.open(path) : await ElfFile.fromBytes(path, unpacked);
  try {
    const symbols = (await readSymbols(file)) ?? (await readKallsymsColumns(file));
    const bytes = new ImageBytes(file);
    const bannerAddress = symbols && findAddress(symbols, "linux_banner");
    const buildId = await readBuildId(file);
    const identity = imageIdentity(file, buildId);
    const store = identity === null ? noStore : openStore(identity);
    const [{ functions, problem }, banner] = await Promise.all([
      loadFunctions(file, symbols, store),
      readBanner(file, bannerAddress, (address, length) => bytes.read(address, length)),
    ]);
    return new ElfImage(file, bytes, symbols, functions, store, buildId, banner, problem);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** @returns with the functions what was wrong with a part of them, or null */
async function loadFunctions(file: ElfFile, symbols: SymbolColumns | null, store: ImageStore) {
  const kept = keptFunctions(await store.load("functions"));
  if (kept !== null) return { functions: new SearchableFunctions(kept), problem: null };
  const own = symbols === null ? [] : selectFunctionSymbols(file, symbols);
  const { symbols: more, problem: miniProblem } = await miniSymbols(file);
  const functions = SearchableFunctions.of(more.length === 0 ? own : onePerAddress([...own, ...more]));
  const problem = cutSymbols(file) ?? miniProblem;
  // What is damaged is read again each time, because its problem is told each time.
  if (problem === null) await store.save("functions", functions.columns);
  return { functions, problem };
}

/** The symbols that .gnu_debugdata adds to those for dynamic linking. Damage costs them, and says so. */
async function miniSymbols(file: ElfFile): Promise<{ symbols: FunctionSymbol[]; problem: string | null }> {
  if (file.section(".symtab") !== undefined) return { symbols: [], problem: null };
  try {
    const mini = await openMiniDebugInfo(file);
    const symbols = mini === null ? null : await readSymbols(mini);
    await mini?.close();
    return { symbols: mini === null || symbols === null ? [] : selectFunctionSymbols(mini, symbols), problem: null };
  } catch (error) {
    if (!(error instanceof BootscopeError)) throw error;
    return { symbols: [], problem: `Section ${miniDebugSection} cannot be read: ${error.message}` };
  }
}

class ElfImage implements ImageSymbols {
  readonly path: string;
  readonly machine: ImageSymbols["machine"];
  readonly isLinked: boolean;
  readonly segments: readonly LoadSegment[];
  readonly hasLines: boolean;
  private linesProblem: string | null = null;
  private lineTable: Promise<LineTable | null> | null = null;
  private inlines: Promise<Inlines> | null = null;
  private fewInlines: Promise<Inlines> | null = null;
  private sections: Promise<DebugSections> | null = null;

  constructor(
    private readonly file: ElfFile,
    private readonly bytes: ImageBytes,
    private readonly symbols: SymbolColumns | null,
    readonly functions: SearchableFunctions,
    private readonly store: ImageStore,
    readonly buildId: string | null,
    readonly banner: string | null,
    private readonly symbolsProblem: string | null,
  ) {
    this.path = file.path;
    this.machine = machineName(file);
    this.isLinked = !file.isRelocatable;
    this.segments = file.segments
      .filter(({ type }) => type === SegmentType.Load)
      .flatMap((segment) => partsOf(file, segment));
    this.hasLines = file.section(".debug_line") !== undefined;
  }

  get problem(): string | null {
    return this.symbolsProblem ?? this.linesProblem;
  }

  async lines(signal?: AbortSignal, progress?: (done: number, total: number) => void): Promise<LineTable | null> {
    // A load that another caller cancelled is no answer for this one: it loads again.
    while (this.lineTable !== null) {
      const others = await this.lineTable.catch(() => undefined);
      signal?.throwIfAborted();
      if (others !== undefined) return others;
    }
    const loading = this.loadLines(signal, progress);
    this.lineTable = loading;
    try {
      return await loading;
    } catch (error) {
      if (this.lineTable === loading) this.lineTable = null;
      throw error;
    }
  }

  async linesFor(addresses: BigUint64Array, signal?: AbortSignal): Promise<LineTable | null> {
    if (this.lineTable !== null || !this.hasLines || addresses.length > fewAddresses) return this.lines(signal);
    try {
      const few = await loadUnitLines(await this.debugSections(), addresses);
      signal?.throwIfAborted();
      if (few !== null) return few;
    } catch (error) {
      // What is damaged is told by the reading of all lines.
      if (!(error instanceof BootscopeError)) throw error;
    }
    return this.lines(signal);
  }

  async inlineFramesMany(addresses: BigUint64Array, signal?: AbortSignal): Promise<InlineFrames | null> {
    const lines = await this.linesFor(addresses, signal);
    if (lines === null) return null;
    try {
      const inlines = await this.inlinesFor(addresses);
      return await inlineFramesMany(addresses, inlines, lines, this.functions, signal);
    } catch (error) {
      if (!(error instanceof BootscopeError)) throw error;
      this.linesProblem ??= error.message;
      return null;
    }
  }

  lookupMany(addresses: BigUint64Array): Int32Array {
    return this.functions.lookupMany(addresses);
  }

  addressOf(name: string): GuestAddress | null {
    const address = this.symbols && findAddress(this.symbols, name);
    return address === null ? null : guestAddress(address);
  }

  read(address: GuestAddress, length: number): Uint8Array | null {
    return this.bytes.read(address, length);
  }

  close(): void {
    // Nothing is written: there is no error of closing that anybody could act on.
    this.file.close().catch(() => undefined);
  }

  private debugSections(): Promise<DebugSections> {
    return (this.sections ??= DebugSections.open(this.file));
  }

  private inlinesFor({ length }: BigUint64Array): Promise<Inlines> {
    if (this.inlines !== null || length > fewAddresses) return (this.inlines ??= this.openInlines(this.store));
    // To read the units of a few addresses is quicker than to read what is kept of all others.
    return (this.fewInlines ??= this.openInlines(noStore));
  }

  private async openInlines(store: ImageStore): Promise<Inlines> {
    return Inlines.open(await this.debugSections(), store);
  }

  /** Damaged debug information costs the lines and says so; the symbol table stays in use. */
  private async loadLines(signal?: AbortSignal, progress?: (done: number, total: number) => void) {
    if (!this.hasLines) return null;
    try {
      const kept = keptLines(await this.store.load("lines"));
      if (kept !== null) return new SearchableLines(kept);
      const { table, problem } = await loadLineTable(await this.debugSections(), signal, progress);
      this.linesProblem = problem;
      // A damaged table is read again each time, because its problem is told each time.
      if (problem === null) await this.store.save("lines", table.columns);
      return table;
    } catch (error) {
      if (!(error instanceof BootscopeError)) throw error;
      this.linesProblem = toFailure(error).message;
      return null;
    }
  }
}

/** A segment, and the code in it if it is not marked as such: the linker script of i386 puts .init.text into a segment of data. */
function partsOf({ sections }: ElfFile, segment: ElfSegment): LoadSegment[] {
  const { virtualAddress, physicalAddress, memorySize, flags } = segment;
  const executable = (flags & SegmentFlag.Executable) !== 0;
  const part = (start: bigint, size: bigint, isExecuted: boolean): LoadSegment => ({
    virtualAddress: guestAddress(start),
    physicalAddress: guestAddress(physicalAddress + start - virtualAddress),
    memorySize: size,
    executable: isExecuted,
  });
  const inside = (address: bigint): boolean => address >= virtualAddress && address < virtualAddress + memorySize;
  const code = executable ? [] : sections.filter((section) => isCode(section) && inside(section.address));
  return [
    ...code.map(({ address, size }) => part(address, BigInt(size), true)),
    part(virtualAddress, memorySize, executable),
  ];
}

const isCode = ({ flags }: ElfSection): boolean =>
  (flags & SectionFlag.Executable) !== 0 && (flags & SectionFlag.Allocated) !== 0;

function machineName({ header }: ElfFile): ImageSymbols["machine"] {
  switch (header.machine) {
    case ElfMachine.X86_64:
      return "x86_64";
    case ElfMachine.I386:
      return "i386";
    case ElfMachine.AArch64:
      return "aarch64";
    case ElfMachine.Arm:
      return "arm";
    case ElfMachine.RiscV:
      return header.is64 ? "riscv64" : "other";
    default:
      return "other";
  }
}
