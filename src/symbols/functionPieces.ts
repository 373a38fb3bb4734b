import type { FunctionSymbol } from "./functionSymbols";

/** A piece that the compiler split off a function: `f.cold`, `f.cold.12`, `f.part.0`, and those of clones (`f.isra.0.cold`). */
const pieceSuffix = /\.(?:cold(?:\.\d+)?|part\.\d+)$/;

/**
 * For each function the index of the one that its cost is counted for: the parent of a `.cold` or `.part` piece, else itself.
 *
 * Static functions of different files may share a name: the parent is the one from the piece's own translation unit, else a
 * global one. `.isra` and `.constprop` clones are functions of their own, whose parent need not be executed at all.
 */
export function findParents(functions: readonly FunctionSymbol[]): Int32Array {
  const localKey = (name: string, unit: number) => `${unit} ${name}`;
  const locals = new Map<string, number>();
  const globals = new Map<string, number>();
  functions.forEach(({ name, isLocal, translationUnit }, index) => {
    if (isLocal) locals.set(localKey(name, translationUnit), index);
    else globals.set(name, index);
  });
  return Int32Array.from(functions, ({ name, translationUnit }, index) => {
    let parent = index;
    let stem = name;
    // A piece may be split again (`f.part.0.cold`): the outermost function that exists is the parent.
    while (pieceSuffix.test(stem)) {
      stem = stem.replace(pieceSuffix, "");
      parent = locals.get(localKey(stem, translationUnit)) ?? globals.get(stem) ?? parent;
    }
    return parent;
  });
}
