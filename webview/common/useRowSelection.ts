import type { Signal } from "@preact/signals";
import { useState } from "preact/hooks";
import type { RowSelection } from "./rowSelection";

/**
 * The selected rows of a table whose focused row outlives the table's element. Several rows stay selected as long as the table
 * holds as many as when they were and the focus was not moved from elsewhere: other rows would be selected after filtering.
 *
 * @param focused the row with the focus, kept by the model
 * @param rows how many rows there are now: fewer than before after filtering
 */
export function useRowSelection(
  focused: Signal<number>,
  rows: number,
): { readonly selection: RowSelection; readonly onSelect: (selection: RowSelection) => void } {
  const [extended, setExtended] = useState({ anchor: 0, focus: 0, rows: -1 });
  const focus = Math.min(focused.value, Math.max(0, rows - 1));
  return {
    selection: { focus, anchor: extended.rows === rows && extended.focus === focus ? extended.anchor : focus },
    onSelect: (next) => {
      focused.value = next.focus;
      setExtended({ ...next, rows });
    },
  };
}
