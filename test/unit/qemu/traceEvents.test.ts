import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { disableEdits, enableEdits, type LineEdit } from "../../../src/qemu/traceEventEdits";
import { needsFinalNewline, parseRelease, problemsOfLine } from "../../../src/qemu/traceEventRules";
import { isDisabled, parseTraceLine, sectionOf, type TraceEventLine } from "../../../src/qemu/traceEvents";

function event(text: string): TraceEventLine {
  const line = parseTraceLine(text);
  if (line.kind !== "event") throw new Error(`${line.kind}: ${text}`);
  return line;
}

const apply = (text: string, edits: readonly LineEdit[]): string =>
  [...edits]
    .reverse()
    .reduce((edited, { start, end, text: put }) => edited.slice(0, start) + put + edited.slice(end), text);

const rules = (text: string, release: string | null): string[] =>
  problemsOfLine(text, release === null ? null : parseRelease(release)).map(
    ({ rule, severity }) => `${severity} ${rule}`,
  );

describe("parseTraceLine", () => {
  it("reads properties, name, arguments and format with their columns", () => {
    const text = 'disable vcpu exec_tb(const void *tb, uintptr_t pc) "tb:%p pc=0x%"PRIxPTR" end"';
    const { name, properties, arguments: list, format, tail } = event(text);
    expect(properties.map((word) => word.text)).toEqual(["disable", "vcpu"]);
    expect(text.slice(name.start, name.end)).toBe("exec_tb");
    expect(list.map(({ type, name }) => [type, name])).toEqual([
      ["const void *", "tb"],
      ["uintptr_t", "pc"],
    ]);
    expect(list.map(({ start, end }) => text.slice(start, end))).toEqual(["const void *tb", "uintptr_t pc"]);
    expect(format.map((piece) => text.slice(piece.start, piece.end))).toEqual(["tb:%p pc=0x%", " end"]);
    expect(tail.text.trim()).toBe("PRIxPTR");
    expect(isDisabled(event(text))).toBe(true);
  });

  it("knows blank lines, comments and the sections they announce", () => {
    expect(parseTraceLine(" \t").kind).toBe("blank");
    expect(parseTraceLine("  # hw/block/virtio-blk.c")).toEqual({ kind: "comment", text: "hw/block/virtio-blk.c" });
    expect(sectionOf("hw/block/virtio-blk.c")).toBe("hw/block/virtio-blk.c");
    expect(sectionOf("Mode: user, softmmu")).toBeUndefined();
    expect(sectionOf("See docs/devel/tracing.rst for syntax documentation.")).toBeUndefined();
  });

  it("takes escaped quotes and events without a format", () => {
    expect(event('foo(void) "a \\"quoted\\" word"').format).toHaveLength(1);
    expect(event("foo(void)").format).toEqual([]);
  });

  it.each([
    ["foo", "neither an event nor a comment"],
    ["foo (void)", "space separates"],
    ["(void)", "no name"],
    ["foo(int a", "not closed"],
    [" foo(void)", "first column"],
    ["my-event(void)", "cannot be part"],
    ["disable, foo(void)", "cannot be part"],
  ])("says what is wrong with %s", (text, message) => {
    expect(parseTraceLine(text)).toMatchObject({
      kind: "malformed",
      message: expect.stringContaining(message) as string,
    });
  });

  it("survives anything, with columns inside the line", () => {
    const pieces = fc.constantFrom(
      "disable ",
      "foo",
      "(",
      ")",
      '"',
      "\\",
      ",",
      "*",
      " ",
      "\t",
      "%",
      "int a",
      "#",
      "é",
      "\u0000",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const text = parts.join("");
        for (const { start, end } of problemsOfLine(text, null)) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(text.length + 1);
        }
      }),
    );
  });

  it("reads a line of a megabyte, within the test's time limit", () => {
    expect(problemsOfLine(`foo(${"int a, ".repeat(50_000)}int b) "${"%d ".repeat(200_000)}"`, null)).not.toEqual([]);
    expect(problemsOfLine(" ".repeat(1_000_000) + "x", null)).not.toEqual([]);
    expect(problemsOfLine('"'.repeat(1_000_000) + "(", null)).not.toEqual([]);
  });
});
