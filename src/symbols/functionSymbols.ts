import { codeSections } from "./codeSections";
import { ElfMachine, SymbolBinding, SymbolType } from "./elf/constants";
import type { ElfFile } from "./elf/elfFile";
import type { SymbolColumns } from "./elf/symbolTable";

/** One start address of code with the best of its names. */
export interface FunctionSymbol {
  readonly address: bigint;
  /** Of the longest alias; 0 for a label without a size. */
  readonly size: number;
  readonly name: string;
  readonly isLocal: boolean;
  readonly translationUnit: number;
  /** End address of its section. */
  readonly limit: bigint;
}

/**
 * The symbols that name code, one per start address, in ascending order: functions and untyped labels in executable sections.
 * Data, absolute and per-CPU symbols are in no executable section and drop out with that rule.
 */
export function selectFunctionSymbols(file: ElfFile, symbols: SymbolColumns): FunctionSymbol[] {
  const codeEnd = new Map(codeSections(file).map(({ index, end }) => [index, end] as const));
  const isArm = file.header.machine === ElfMachine.Arm;
  const hasMappingSymbols =
    isArm || file.header.machine === ElfMachine.AArch64 || file.header.machine === ElfMachine.RiscV;
  const candidates: FunctionSymbol[] = [];
  for (let index = 0; index < symbols.count; index++) {
    const type = symbols.type[index];
    const isFunction = type === SymbolType.Function || type === SymbolType.IndirectFunction;
    if (!isFunction && type !== SymbolType.None) continue;
    const limit = codeEnd.get(symbols.section[index]);
    if (limit === undefined) continue;
    // The lowest bit of an ARM function's value selects the Thumb instruction set and is no part of its address.
    const address = isArm && isFunction ? symbols.value[index] & ~1n : symbols.value[index];
    if (address >= limit) continue;
    const name = symbols.name(index);
    if (!isCodeName(name, symbols.size[index] === 0)) continue;
    if (hasMappingSymbols && /^\$[adtx]/.test(name)) continue;
    candidates.push({
      address,
      size: Math.min(symbols.size[index], Number(limit - address)),
      name,
      isLocal: symbols.binding[index] === SymbolBinding.Local,
      translationUnit: symbols.translationUnit[index],
      limit,
    });
  }
  return onePerAddress(candidates);
}

/** The best symbol of each address, in ascending order. */
export function onePerAddress(candidates: readonly FunctionSymbol[]): FunctionSymbol[] {
  return mergeAliases([...candidates].sort(byAddressThenPreference));
}

/** Whether a symbol's name can be that of code: not an assembler's label, nor a mark for the end of a part. */
export const isCodeName = (name: string, isWithoutSize: boolean): boolean =>
  name !== "" && !name.startsWith(".L") && !(isWithoutSize && isEndMark.test(name));

/** The linker script marks where a part of the code ends (`_etext`, `__kprobes_text_end`): such a symbol names no code. */
const isEndMark = /^_.*_end$|^_e(?:init)?text$/;

function byAddressThenPreference(a: FunctionSymbol, b: FunctionSymbol): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return compareNames(a, b);
}

/**
 * Which of two symbols at one address gives the name: the one with a size, then the one that is no alias that
 * says nothing (`__pfx_` padding, CFI, a module's `init_module`), then the global one, then the one with fewer leading underscores, then the shorter, then the first by alphabet.
 */
function compareNames(a: FunctionSymbol, b: FunctionSymbol): number {
  return (
    Number(a.size === 0) - Number(b.size === 0) ||
    Number(saysNothing(a.name)) - Number(saysNothing(b.name)) ||
    Number(a.isLocal) - Number(b.isLocal) ||
    leadingUnderscores(a.name) - leadingUnderscores(b.name) ||
    a.name.length - b.name.length ||
    (a.name < b.name ? -1 : Number(a.name > b.name))
  );
}

const saysNothing = (name: string) => /^__(?:pfx|cfi)_|^(?:init|cleanup)_module$/.test(name);
const leadingUnderscores = (name: string) => /^_*/.exec(name)![0].length;

function mergeAliases(sorted: readonly FunctionSymbol[]): FunctionSymbol[] {
  const merged: FunctionSymbol[] = [];
  for (const symbol of sorted) {
    const last = merged.at(-1);
    if (last?.address !== symbol.address) merged.push(symbol);
    else if (symbol.size > last.size) merged[merged.length - 1] = { ...last, size: symbol.size };
  }
  return merged;
}
