import type { FunctionSymbol } from "./functionSymbols";
import { unitNeighbours } from "./unitNeighbours";

/**
 * What compilers append to the name of a function that they made of another one: a piece that was split off (`f.cold`,
 * `f.cold.12`, `f.part.0`), or a copy for certain arguments (`f.isra.0`, `f.constprop.0`). Several may follow each other.
 */
const madeSuffix = /\.(?:cold(?:\.\d+)?|(?:part|isra|constprop)\.\d+)$/;
const coldSuffix = /\.cold(?:\.\d+)?$/;
const copySuffix = /\.(?:isra|constprop)\.\d+/;
/** Link-time optimisation makes the names of static functions unique in the program: another name of the same function. */
const renamedSuffix = /\.(?:llvm|lto_priv|__uniq)\.\d+$/;

/** The name that the source has for a function which a compiler renamed, copied or split: `f` for `f.part.0.isra.0`. */
export function sourceName(name: string): string {
  return withoutSuffixes(name, madeSuffix, renamedSuffix);
}

/**
 * For each function the index of the one that its cost is counted for: of a piece or a copy the function that it was made of, else
 * itself. Where that function is not in the image, the first of its unit that was made of it stands for it.
 *
 * Static functions of different files may share a name, so only what is of one translation unit is counted together: the function
 * is the local one of the unit, else a global one. Which unit a global symbol is of is not told, but the linker keeps the code
 * of a unit together, so its neighbours show it. Cold pieces lie elsewhere; their function is always in the image.
 *
 * @param functions in ascending order of address
 */
export function findParents(functions: readonly FunctionSymbol[]): Int32Array {
  const localKey = (name: string, unit: number) => `${unit} ${name}`;
  const locals = new Map<string, number>();
  const globals = new Map<string, number>();
  functions.forEach(({ name, isLocal, translationUnit }, index) => {
    if (isLocal) locals.set(localKey(name, translationUnit), index);
    else globals.set(name, index);
  });
  const areNeighbours = unitNeighbours(functions);

  /** The nearest function that the one at `index` was made of, or -1. */
  const madeOf = (index: number): number => {
    const { name, translationUnit } = functions[index];
    for (let stem = name; madeSuffix.test(stem);) {
      const isCold = coldSuffix.test(stem);
      stem = stem.replace(madeSuffix, "");
      // A table without units: a name that occurs once is enough to join a piece, but a copy often replaces its function.
      const isByName = translationUnit === 0;
      if (isByName && copySuffix.test(name.slice(stem.length))) return -1;
      const local = locals.get(localKey(stem, translationUnit));
      if (local !== undefined) return local;
      const global = globals.get(stem);
      if (global !== undefined && (isCold || isByName || areNeighbours(index, global))) return global;
    }
    return -1;
  };

  const wholes = Int32Array.from(functions, (_, index) => {
    let whole = index;
    for (let next = madeOf(whole); next >= 0; next = madeOf(whole)) whole = next;
    return whole;
  });

  /** What of one unit was made of a function that is not in the image, by that function. */
  const missing = new Map<string, number[]>();
  wholes.forEach((whole, index) => {
    const { name, translationUnit } = functions[whole];
    if (translationUnit === 0 || !madeSuffix.test(name)) return;
    const key = localKey(withoutSuffixes(name, madeSuffix), translationUnit);
    const known = missing.get(key);
    if (known === undefined) missing.set(key, [index]);
    else known.push(index);
  });
  for (const made of missing.values()) {
    const first = made.find((index) => wholes[index] === index) ?? made[0];
    for (const index of made) wholes[index] = first;
  }
  return wholes;
}

/** A name without all of these at its end, which leave something. */
function withoutSuffixes(name: string, ...suffixes: readonly RegExp[]): string {
  const suffix = suffixes.find((one) => name.search(one) > 0);
  return suffix === undefined ? name : withoutSuffixes(name.replace(suffix, ""), ...suffixes);
}
