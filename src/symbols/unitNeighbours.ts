import type { FunctionSymbol } from "./functionSymbols";

/**
 * Whether a local and a global function, given by index, are of one translation unit, as far as their places tell: no local
 * function of another unit lies between them, and both are in one section.
 *
 * @param functions in ascending order of address
 */
export function unitNeighbours(functions: readonly FunctionSymbol[]): (local: number, global: number) => boolean {
  const before = unitRuns(functions, 0, 1);
  const after = unitRuns(functions, functions.length - 1, -1);
  return (local, global) => {
    const runs = local < global ? before : after;
    return runs[local] === runs[global];
  };
}

/** Numbers the runs of functions between which neither the section nor, among local ones, the unit changes. */
function unitRuns(functions: readonly FunctionSymbol[], from: number, step: 1 | -1): Int32Array {
  const runs = new Int32Array(functions.length);
  let run = 0;
  let unit = -1;
  let limit = -1n;
  for (let index = from; index >= 0 && index < functions.length; index += step) {
    const own = functions[index];
    if (own.limit !== limit || (own.isLocal && own.translationUnit !== unit)) run++;
    if (own.limit !== limit) unit = -1;
    limit = own.limit;
    if (own.isLocal) unit = own.translationUnit;
    runs[index] = run;
  }
  return runs;
}
