import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseEventHelp, parseUntraceable } from "../../../src/qemu/eventNames";
import { changeList, enabledNames, parseListLine, problemsOfListLine } from "../../../src/qemu/traceEventList";

const known = {
  all: new Set(["exec_tb", "qxl_io_write_vga", "virtio_queue_notify"]),
  compiledOut: new Set(["qxl_io_write_vga"]),
};
const rules = (text: string): string[] => problemsOfListLine(text, known).map(({ rule }) => rule);

describe("event lists", () => {
  it("reads entries with their columns", () => {
    expect(parseListLine("  -exec_tb ")).toEqual({ name: "exec_tb", start: 3, end: 10, off: true });
    expect(parseListLine("# exec_tb")).toBeUndefined();
    expect(parseListLine("   ")).toBeUndefined();
    // Only a comment sign in the first column begins a comment.
    expect(parseListLine(" #exec_tb")?.name).toBe("#exec_tb");
  });

  it("lets later lines win, as QEMU does", () => {
    expect(enabledNames("exec_tb\nvirtio_*\n-exec_tb\n")).toEqual(["virtio_*"]);
  });

  it.each([
    ["exec_tb", []],
    ["virtio_*", []],
    ["nonsense_*", ["no-match"]],
    ["nonsense", ["unknown-event"]],
    ["qxl_io_write_vga", ["compiled-out"]],
    ["exec_tb ", ["space"]],
    [" exec_tb", ["space"]],
    ["x".repeat(2000), ["too-long"]],
    ["# anything goes ", []],
  ])("judges “%s”", (text, expected) => {
    expect(rules(text)).toEqual(expected);
  });

  it("says nothing of names when QEMU could not be asked", () => {
    expect(problemsOfListLine("nonsense", undefined)).toEqual([]);
  });
});

describe("changeList", () => {
  it("adds at the end and removes whole lines, keeping comments", () => {
    const list = "# block layer\nvirtio_*\nexec_tb\n";
    expect(changeList(list, ["dma_blk_io"], ["exec_tb"])).toBe("# block layer\nvirtio_*\ndma_blk_io\n");
    expect(changeList("", ["exec_tb"], [])).toBe("exec_tb\n");
    expect(changeList(list, [], [])).toBe(list);
  });

  it("turns what was switched off on", () => {
    expect(changeList("-exec_tb\n", ["exec_tb"], [])).toBe("exec_tb\n");
  });

  it("writes what QEMU reads without surprises", () => {
    expect(changeList("exec_tb \r\n  virtio_*", ["x"], [])).toBe("exec_tb\nvirtio_*\nx\n");
  });

  it("makes exactly the asked change, in a form that QEMU reads", () => {
    const name = fc.constantFrom("a", "b", "c_*", "-a", "-b", "# note", "", " d", "e ");
    const names = fc.uniqueArray(fc.constantFrom("a", "b", "f"), { maxLength: 3 });
    const eol = fc.constantFrom("\n", "\r\n");
    fc.assert(
      fc.property(fc.array(name, { maxLength: 8 }), eol, names, (lines, end, add) => {
        const text = lines.join(end);
        const changed = changeList(text, add, ["c_*"]);
        const expected = new Set([...enabledNames(text), ...add]);
        expected.delete("c_*");
        expect(new Set(enabledNames(changed))).toEqual(expected);
        expect(changed).not.toMatch(/\r|[ \t]\n|[^\n]$/);
        expect(changeList(changed, add, ["c_*"])).toBe(changed);
      }),
    );
  });
});

describe("what QEMU prints", () => {
  it("takes names from the help and leaves hints out", () => {
    const help = "exec_tb\r\nvirtio_queue_notify\n\nThis list of names of trace points may be incomplete when using…\n";
    expect(parseEventHelp(help)).toEqual(["exec_tb", "virtio_queue_notify"]);
  });

  it("takes the untraceable from the warnings of old and new releases", () => {
    const warnings =
      "qemu-system-x86_64:/tmp/all:789: warning: trace event 'qxl_interface_set_mm_time' is not traceable\n" +
      "qemu-system-x86_64: WARNING: trace event 'exec_tb' is not traceable\n" +
      "qemu-system-x86_64: warning: trace event 'x' does not exist\n";
    expect(parseUntraceable(warnings)).toEqual(["qxl_interface_set_mm_time", "exec_tb"]);
  });
});
