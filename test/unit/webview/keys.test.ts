import { describe, expect, it } from "vitest";
import { isCommand } from "../../../webview/common/keys";

const pressed = (
  key: string,
  held: { ctrlKey?: boolean; metaKey?: boolean; shiftKey?: boolean; altKey?: boolean },
) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...held,
});

describe("a command's keys", () => {
  it("are the same with Caps Lock and on a Mac", () => {
    for (const key of ["c", "C"]) {
      expect(isCommand(pressed(key, { ctrlKey: true }), "c")).toBe(true);
      expect(isCommand(pressed(key, { metaKey: true }), "c")).toBe(true);
    }
  });

  it("are not those of VS Code's own commands, nor a letter that is typed", () => {
    expect(isCommand(pressed("C", { ctrlKey: true, shiftKey: true }), "c")).toBe(false);
    expect(isCommand(pressed("c", { ctrlKey: true, altKey: true }), "c")).toBe(false);
    expect(isCommand(pressed("c", {}), "c")).toBe(false);
    expect(isCommand(pressed("a", { ctrlKey: true }), "c")).toBe(false);
  });
});
