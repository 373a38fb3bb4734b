/** Which rows of a table are selected, and how keys and clicks change that. Rows are positions in the sorted table. */
export interface RowSelection {
  /** The row that keys act on. */
  readonly focus: number;
  /** The other end of the selected rows; equal to `focus` when one row is selected. */
  readonly anchor: number;
}

export type RowMove = "up" | "down" | "pageUp" | "pageDown" | "first" | "last";

export const firstRow: RowSelection = { focus: 0, anchor: 0 };

export const selectedFirst = ({ focus, anchor }: RowSelection): number => Math.min(focus, anchor);
export const selectedCount = ({ focus, anchor }: RowSelection): number => Math.abs(focus - anchor) + 1;
export const isSelected = (selection: RowSelection, row: number): boolean =>
  row >= selectedFirst(selection) && row < selectedFirst(selection) + selectedCount(selection);

/** Selects a row; with `extend` all rows from the anchor to it. Rows outside the table are moved inside. */
export function selectRow(selection: RowSelection, row: number, rows: number, extend: boolean): RowSelection {
  const focus = Math.max(0, Math.min(row, rows - 1));
  return { focus, anchor: extend ? Math.max(0, Math.min(selection.anchor, rows - 1)) : focus };
}

/** Moves the focus; `pageRows` is how many rows a page key skips. */
export function moveRow(
  selection: RowSelection,
  move: RowMove,
  rows: number,
  pageRows: number,
  extend: boolean,
): RowSelection {
  const { focus } = selection;
  const target = {
    up: focus - 1,
    down: focus + 1,
    pageUp: focus - pageRows,
    pageDown: focus + pageRows,
    first: 0,
    last: rows - 1,
  }[move];
  return selectRow(selection, target, rows, extend);
}

/** The move that a key stands for in a table, or undefined. */
export function rowMoveOf(key: string): RowMove | undefined {
  switch (key) {
    case "ArrowUp":
      return "up";
    case "ArrowDown":
      return "down";
    case "PageUp":
      return "pageUp";
    case "PageDown":
      return "pageDown";
    case "Home":
      return "first";
    case "End":
      return "last";
    default:
      return undefined;
  }
}
