import type { Signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { clampSelection, type RowSelection } from "./rowSelection";

/**
 * The selected rows of a table whose focused row outlives the table's element.
 *
 * @param focused the row with the focus, kept by the model
 * @param rows how many rows there are now: fewer than before after filtering
 */
export function useRowSelection(
  focused: Signal<number>,
  rows: number,
): { readonly selection: RowSelection; readonly onSelect: (selection: RowSelection) => void } {
  const [anchor, setAnchor] = useState<number | null>(null);
  return {
    selection: clampSelection({ focus: focused.value, anchor: anchor ?? focused.value }, rows),
    onSelect: (next) => {
      focused.value = next.focus;
      setAnchor(next.anchor);
    },
  };
}
