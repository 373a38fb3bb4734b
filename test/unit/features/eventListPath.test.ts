import { describe, expect, it } from "vitest";
import { eventListPath } from "../../../src/features/eventListPath";

describe("the event list's place", () => {
  it("is in the first folder of several", () => {
    expect(eventListPath(undefined, ["/src/qemu", "/src/linux"])).toBe("/src/qemu/.bootscope/trace-boot.qemu-events");
  });

  it("is the setting's, with and without a folder", () => {
    expect(eventListPath("/etc/list", ["/src/qemu"])).toBe("/etc/list");
    expect(eventListPath("/etc/list", [])).toBe("/etc/list");
  });

  it("is nowhere without either", () => {
    expect(eventListPath(undefined, [])).toBeUndefined();
  });
});
