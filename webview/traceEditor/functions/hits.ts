/** Going through the rows that a search found. Positions are rows of the sorted table, ascending. Pure. */

/** The hit after (`step` 1) or before (-1) a row, around the ends; null where there is none. */
export function nextHit(hits: Uint32Array, row: number, step: 1 | -1): number | null {
  const found = step === 1 ? hits.find((hit) => hit > row) : hits.findLast((hit) => hit < row);
  return found ?? hits.at(step === 1 ? 0 : -1) ?? null;
}

/** What was found, in words: which of the hits the row is, or how many there are. */
export function hitsText(hits: Uint32Array, row: number, format: (count: number) => string): string {
  if (hits.length === 0) return "No results";
  const number = hits.indexOf(row) + 1;
  return number > 0 ? `${format(number)} of ${format(hits.length)}` : `${format(hits.length)} found`;
}
