import { describe, expect, it } from "vitest";
import {
  clampSelection,
  firstRow,
  isSelected,
  moveRow,
  rowMoveOf,
  selectRow,
  selectedCount,
  selectedFirst,
} from "../../../webview/common/rowSelection";

describe("row selection", () => {
  it("moves inside the table only", () => {
    expect(moveRow(firstRow, "up", 10, 5, false)).toEqual({ focus: 0, anchor: 0 });
    expect(moveRow({ focus: 8, anchor: 8 }, "pageDown", 10, 5, false)).toEqual({ focus: 9, anchor: 9 });
    expect(moveRow(firstRow, "last", 10, 5, false)).toEqual({ focus: 9, anchor: 9 });
    expect(moveRow({ focus: 9, anchor: 3 }, "first", 10, 5, false)).toEqual({ focus: 0, anchor: 0 });
  });

  it("extends from the anchor in both directions", () => {
    const down = moveRow(moveRow({ focus: 4, anchor: 4 }, "down", 10, 5, true), "down", 10, 5, true);
    expect([selectedFirst(down), selectedCount(down)]).toEqual([4, 3]);
    const up = moveRow(down, "pageUp", 10, 5, true);
    expect([selectedFirst(up), selectedCount(up)]).toEqual([1, 4]);
    expect([0, 1, 4, 5].map((row) => isSelected(up, row))).toEqual([false, true, true, false]);
  });

  it("survives a table that became shorter or empty", () => {
    expect(selectRow({ focus: 500, anchor: 400 }, 500, 10, true)).toEqual({ focus: 9, anchor: 9 });
    expect(selectRow({ focus: 5, anchor: 5 }, 7, 0, false)).toEqual({ focus: 0, anchor: 0 });
  });

  it("knows the keys of lists", () => {
    expect(["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End", "x"].map(rowMoveOf)).toEqual([
      "up",
      "down",
      "pageUp",
      "pageDown",
      "first",
      "last",
      undefined,
    ]);
  });
});

describe("a selection in a table that has fewer rows now", () => {
  it("keeps what is there, and is one row when an end of it is gone", () => {
    expect(clampSelection({ focus: 3, anchor: 1 }, 4)).toEqual({ focus: 3, anchor: 1 });
    expect(clampSelection({ focus: 1, anchor: 3 }, 3)).toEqual({ focus: 1, anchor: 1 });
    expect(clampSelection({ focus: 5, anchor: 1 }, 3)).toEqual({ focus: 2, anchor: 2 });
    expect(clampSelection({ focus: 5, anchor: 5 }, 0)).toEqual({ focus: 0, anchor: 0 });
  });
});
