import { SymbolBinding, SymbolType } from "./elf/constants";
import type { SymbolColumns } from "./elf/symbolTable";

/**
 * Addresses by symbol name: functions, labels and data in the image's sections. Of several symbols with one name a global one
 * wins, then the first of the file.
 */
export function indexSymbolNames(symbols: SymbolColumns): Map<string, bigint> {
  const addresses = new Map<string, bigint>();
  for (const wantLocal of [false, true]) {
    for (let index = 0; index < symbols.count; index++) {
      const type = symbols.type[index];
      const isPlace = symbols.section[index] !== 0 && type !== SymbolType.Section && type !== SymbolType.File;
      if (!isPlace || (symbols.binding[index] === SymbolBinding.Local) !== wantLocal) continue;
      const name = symbols.name(index);
      if (!addresses.has(name)) addresses.set(name, symbols.value[index]);
    }
  }
  return addresses;
}
