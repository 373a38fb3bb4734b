import type { UnnamedShare } from "../protocol/engine";
import { executions, type Executions } from "../protocol/units";
import type { Row } from "./attribution";
import type { RowCosts } from "./rowCosts";

/** How many executions have a function's name, and why the others have none, most frequent reason first. */
export function namedShare(
  rows: readonly Row[],
  costs: RowCosts,
): { readonly named: Executions; readonly unnamed: readonly UnnamedShare[] } {
  let named = 0;
  const byReason = new Map<string, number>();
  for (const [index, { note }] of rows.entries()) {
    const times = costs.executions[index];
    if (note === "") named += times;
    else if (times > 0) byReason.set(note, (byReason.get(note) ?? 0) + times);
  }
  const unnamed = [...byReason].sort(([, a], [, b]) => b - a);
  return {
    named: executions(named),
    unnamed: unnamed.map(([reason, times]) => ({ reason, executions: executions(times) })),
  };
}
