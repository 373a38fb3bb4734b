import { codeSections } from "../codeSections";
import { ElfMachine, SectionType } from "../elf/constants";
import type { ElfFile } from "../elf/elfFile";
import type { ElfSection } from "../elf/headers";
import { readSymbols, type SymbolColumns } from "../elf/symbolTable";
import { PatchKind, type CodePart, type Patch } from "./codePart";

/** What is done at a place, wherever that is. */
type Change = Omit<Patch, "offset">;
interface PlacedChange {
  /** Link address. */
  readonly address: bigint;
  readonly change: Change;
}

/** The parts of an object with the places in them that the module loader changes; those of a linked file as they are. */
export async function withPatches(file: ElfFile, parts: readonly CodePart[]): Promise<CodePart[]> {
  const symbols = file.isRelocatable && file.header.is64 ? await readSymbols(file) : null;
  if (symbols === null) return [...parts];
  const code = new Set(codeSections(file).map(({ index }) => index));
  const found: PlacedChange[] = [];
  for (const table of file.sections) {
    const of = file.sections.at(table.info);
    if (table.type !== SectionType.Rela || of === undefined) continue;
    const isWanted = code.has(of.index) || patchTables.has(of.name);
    const relocations = isWanted ? await readRelocations(file, table) : [];
    for (const relocation of relocations) {
      if (relocation.symbol >= symbols.count) continue;
      const change = code.has(of.index)
        ? relocated(file.header.machine, of, relocation, symbols)
        : patched(of.name, relocation, symbols, code);
      if (change !== null) found.push(change);
    }
  }
  return parts.map((part) => ({ ...part, patches: patchesOf(part, found) }));
}

/** Widest bytes that patching changes where nothing more is known: an x86 alternative is a few instructions. */
const unknownLength = 16;

interface PatchTable extends Change {
  /** Bytes of an entry, when others of its fields point to code too. */
  readonly entry?: number;
}

/** Sections whose entries point to code that the kernel patches (arch/x86/kernel/alternative.c, module.c), and what it does there. */
const patchTables: ReadonlyMap<string, PatchTable> = new Map([
  ["__mcount_loc", { kind: PatchKind.FunctionEntry, length: 5 }],
  [".return_sites", { kind: PatchKind.Return, length: 5 }],
  [".smp_locks", { kind: PatchKind.Lock, length: 1 }],
  [".retpoline_sites", { kind: PatchKind.Unknown, length: 6 }],
  ["__jump_table", { kind: PatchKind.Unknown, length: 5, entry: 16 }],
  [".static_call_sites", { kind: PatchKind.Unknown, length: 5 }],
  [".altinstructions", { kind: PatchKind.Unknown, length: unknownLength }],
  [".parainstructions", { kind: PatchKind.Unknown, length: unknownLength }],
]);

interface Relocation {
  readonly place: number;
  readonly type: number;
  readonly symbol: number;
  readonly addend: bigint;
}

/** Bytes of an Elf64_Rela. */
const relocationBytes = 24;

async function readRelocations(file: ElfFile, table: ElfSection): Promise<Relocation[]> {
  const bytes = await file.readAt(table.offset, table.size - table.missing);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = file.header.littleEndian;
  return Array.from({ length: Math.floor(bytes.length / relocationBytes) }, (_, index) => {
    const at = index * relocationBytes;
    const info = view.getBigUint64(at + 8, little);
    return {
      place: Number(BigInt.asUintN(53, view.getBigUint64(at, little))),
      type: Number(info & 0xffff_ffffn),
      symbol: Number(info >> 32n),
      addend: view.getBigInt64(at + 16, little),
    };
  });
}

/** Relocations of eight bytes: R_X86_64_64 and PC64, R_AARCH64_ABS64 and PREL64. */
const wideTypes = new Set([1, 24, 257, 260]);

/** What a relocation of code changes. R_X86_64_PC32 and PLT32 that count from their end belong to a branch. */
function relocated(
  machine: number,
  section: ElfSection,
  { place, type, symbol, addend }: Relocation,
  symbols: SymbolColumns,
): PlacedChange {
  const address = section.address + BigInt(place);
  if (machine === ElfMachine.X86_64 && (type === 2 || type === 4) && addend === -4n) {
    const name = symbols.section[symbol] === 0 ? outsideName(symbols.name(symbol)) : {};
    return { address, change: { kind: PatchKind.Branch, length: 4, ...name } };
  }
  // One of RISC-V may change two instructions, as R_RISCV_CALL_PLT does.
  const length = wideTypes.has(type) || machine === ElfMachine.RiscV ? 8 : 4;
  return { address, change: { kind: PatchKind.Unknown, length } };
}

/** Calls of static-call trampolines and of x86's thunks are sent elsewhere when the kernel boots: their target tells nothing. */
const outsideName = (symbol: string) => (/^__(?:SCT__|x86_)/.test(symbol) ? {} : { symbol });

/** What is patched where an entry of a patch table points to; null when that is no code. */
function patched(
  table: string,
  { place, symbol, addend }: Relocation,
  symbols: SymbolColumns,
  code: ReadonlySet<number>,
): PlacedChange | null {
  const found = patchTables.get(table);
  if (found === undefined || !code.has(symbols.section[symbol])) return null;
  const { entry, ...change } = found;
  if (entry !== undefined && place % entry !== 0) return null;
  return { address: symbols.value[symbol] + addend, change };
}

/** The patches inside a part, in order. Where two meet, that of a table is kept: it tells what comes of a relocated branch. */
function patchesOf(part: CodePart, found: readonly PlacedChange[]): Patch[] {
  const end = part.start + BigInt(part.bytes.length);
  const inside = found
    .filter(({ address }) => address >= part.start && address < end)
    .map(({ address, change }): Patch => ({ ...change, offset: Number(address - part.start) }))
    .sort((a, b) => a.offset - b.offset || b.length - a.length);
  const kept: Patch[] = [];
  for (const patch of inside) {
    const last = kept.at(-1);
    if (last === undefined || last.offset + last.length <= patch.offset) kept.push(patch);
    else if (last.kind === PatchKind.Branch && patch.kind !== PatchKind.Branch) kept[kept.length - 1] = patch;
  }
  return kept;
}
