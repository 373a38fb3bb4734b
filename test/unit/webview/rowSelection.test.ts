import { describe, expect, it } from "vitest";
import {
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
