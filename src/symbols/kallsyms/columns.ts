import { codeSections } from "../codeSections";
import { SegmentType, SymbolBinding, SymbolType } from "../elf/constants";
import type { ElfFile } from "../elf/elfFile";
import type { SymbolColumns } from "../elf/symbolTable";
import { readKallsyms, type KernelSymbol } from "./read";

/** The read-only data of a kernel is some megabytes; all of a kernel with everything built in is 200 MB. */
const maximumBytes = 1 << 28;

/**
 * The symbols of a kernel without a symbol table, as a bzImage holds it, from the table that it carries for itself: names and
 * addresses, no sizes. Null when it has none (no CONFIG_KALLSYMS).
 */
export async function readKallsymsColumns(file: ElfFile): Promise<SymbolColumns | null> {
  if (!file.header.is64 || !file.header.littleEndian || file.isRelocatable) return null;
  const segments = file.segments.filter(({ type }) => type === SegmentType.Load);
  const isKernel = (address: bigint) =>
    address !== 0n &&
    segments.some(
      ({ virtualAddress, memorySize }) => address >= virtualAddress && address < virtualAddress + memorySize,
    );
  const rodata = file.section(".rodata");
  const places = rodata === undefined ? segments.map(({ offset, fileSize }) => ({ offset, size: fileSize })) : [rodata];
  for (const { offset, size } of places) {
    const symbols = readKallsyms(await file.readAt(offset, Math.min(size, maximumBytes)), isKernel);
    if (symbols !== null) return toColumns(file, symbols);
  }
  return null;
}

/** As the linker's table has them: only code that is in a section of code, and its sizes up to what comes next are left open. */
function toColumns(file: ElfFile, symbols: readonly KernelSymbol[]): SymbolColumns {
  const sections = codeSections(file);
  const byName = new Map<string, number[]>();
  symbols.forEach(({ name }, index) => {
    const known = byName.get(name);
    if (known === undefined) byName.set(name, [index]);
    else known.push(index);
  });
  const isCode = ({ kind }: KernelSymbol) => /[tTwW]/.test(kind);
  const notInCode = file.sections.length;
  return {
    count: symbols.length,
    value: BigUint64Array.from(symbols, ({ address }) => address),
    size: new Float64Array(symbols.length),
    type: Uint8Array.from(symbols, (symbol) => (isCode(symbol) ? SymbolType.Function : SymbolType.Object)),
    binding: Uint8Array.from(symbols, ({ kind }) =>
      kind === kind.toLowerCase() && kind !== "w" ? SymbolBinding.Local : SymbolBinding.Global,
    ),
    section: Uint32Array.from(symbols, (symbol) => {
      const { address } = symbol;
      const own = isCode(symbol) && sections.find(({ start, end }) => address >= start && address < end);
      return own ? own.index : notInCode;
    }),
    // Nothing says which of several static functions of one name a piece belongs to: each is a unit of its own.
    translationUnit: Uint32Array.from(symbols, ({ name }, index) => (byName.get(name)!.length === 1 ? 0 : index + 1)),
    name: (index) => symbols[index].name,
    named: (name) => byName.get(name) ?? [],
  };
}
