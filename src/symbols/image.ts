import { BootscopeError, toFailure } from "../protocol/failure";
import { guestAddress, type GuestAddress } from "../protocol/units";
import { readBanner } from "./banner";
import { InlineTable } from "./dwarf/inlineTable";
import { loadLineTable } from "./dwarf/lineLoader";
import { ElfMachine, SegmentFlag, SegmentType } from "./elf/constants";
import { ElfFile } from "./elf/elfFile";
import { readBuildId } from "./elf/notes";
import { readSymbols, type SymbolColumns } from "./elf/symbolTable";
import { selectFunctionSymbols } from "./functionSymbols";
import { SearchableFunctions } from "./functionTable";
import { inlineFramesMany } from "./inlineFrames";
import { ImageBytes } from "./imageBytes";
import { openSymbolMap } from "./symbolMap";
import { findAddress } from "./symbolNames";
import type { ImageSymbols, InlineFrames, LineTable, LoadSegment } from "./types";

/**
 * Opens an ELF image (vmlinux, firmware, user program, or an object such as a module) for symbolization: headers, build-id and
 * symbol table are read now, the line table when `lines` is called. A System.map opens as names only. The caller closes it.
 *
 * Rejects with BootscopeError: "not-found", "unreadable", "no-symbols" (not ELF), "unsupported", "damaged". An image without
 * symbols or lines opens, with empty tables.
 */
export async function openImage(path: string): Promise<ImageSymbols> {
  const map = await openSymbolMap(path);
  if (map !== null) return map;
  const file = await ElfFile.open(path);
  try {
    const symbols = await readSymbols(file);
    const bytes = new ImageBytes(file);
    const bannerAddress = symbols && findAddress(symbols, "linux_banner");
    const [buildId, banner] = await Promise.all([
      readBuildId(file),
      readBanner(file, bannerAddress, (address, length) => bytes.read(address, length)),
    ]);
    return new ElfImage(file, bytes, symbols, buildId, banner);
  } catch (error) {
    await file.close();
    throw error;
  }
}

class ElfImage implements ImageSymbols {
  readonly path: string;
  readonly machine: ImageSymbols["machine"];
  readonly isLinked: boolean;
  readonly segments: readonly LoadSegment[];
  readonly functions: SearchableFunctions;
  readonly hasLines: boolean;
  linesProblem: string | null = null;
  private lineTable: Promise<LineTable | null> | null = null;
  private inlineTable: Promise<InlineTable | null> | null = null;

  constructor(
    private readonly file: ElfFile,
    private readonly bytes: ImageBytes,
    private readonly symbols: SymbolColumns | null,
    readonly buildId: string | null,
    readonly banner: string | null,
  ) {
    this.path = file.path;
    this.machine = machineName(file);
    this.isLinked = !file.isRelocatable;
    this.segments = file.segments
      .filter(({ type }) => type === SegmentType.Load)
      .map(({ virtualAddress, physicalAddress, memorySize, flags }) => ({
        virtualAddress: guestAddress(virtualAddress),
        physicalAddress: guestAddress(physicalAddress),
        memorySize,
        executable: (flags & SegmentFlag.Executable) !== 0,
      }));
    this.functions = new SearchableFunctions(symbols === null ? [] : selectFunctionSymbols(file, symbols));
    this.hasLines = file.section(".debug_line") !== undefined;
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

  async inlineFramesMany(addresses: BigUint64Array, signal?: AbortSignal): Promise<InlineFrames | null> {
    const lines = await this.lines(signal);
    if (lines === null) return null;
    this.inlineTable ??= this.openInlines(lines);
    const inlines = await this.inlineTable;
    signal?.throwIfAborted();
    return inlines && inlineFramesMany(addresses, inlines, lines, this.functions, signal);
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

  private async openInlines(lines: LineTable): Promise<InlineTable | null> {
    try {
      return await InlineTable.open(this.file, lines.files);
    } catch (error) {
      if (!(error instanceof BootscopeError)) throw error;
      this.linesProblem ??= error.message;
      return null;
    }
  }

  /** Damaged debug information costs the lines and says so; the symbol table stays in use. */
  private async loadLines(signal?: AbortSignal, progress?: (done: number, total: number) => void) {
    if (!this.hasLines) return null;
    try {
      const { table, problem } = await loadLineTable(this.file, signal, progress);
      this.linesProblem = problem;
      return table;
    } catch (error) {
      if (!(error instanceof BootscopeError)) throw error;
      this.linesProblem = toFailure(error).message;
      return null;
    }
  }
}

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
