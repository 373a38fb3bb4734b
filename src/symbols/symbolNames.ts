import { SymbolBinding, SymbolType } from "./elf/constants";
import type { SymbolColumns } from "./elf/symbolTable";

/**
 * The address of a function, label or datum in one of the image's sections by its exact name, or null. Of several symbols with
 * one name a global one wins, then the first of the file.
 */
export function findAddress(symbols: SymbolColumns, name: string): bigint | null {
  const places = symbols.named(name).filter((index) => {
    const type = symbols.type[index];
    return symbols.section[index] !== 0 && type !== SymbolType.Section && type !== SymbolType.File;
  });
  const best = places.find((index) => symbols.binding[index] !== SymbolBinding.Local) ?? places.at(0);
  return best === undefined ? null : symbols.value[best];
}
