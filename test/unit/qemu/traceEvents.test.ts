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

describe("rules by release", () => {
  it("accepts a good event everywhere", () => {
    const good = 'disable foo(void *p, const char *s, uint64_t n) "p=%p s=%s n=%"PRIu64';
    for (const release of [null, "2.2.0", "7.2.22", "11.1.0"]) expect(rules(good, release)).toEqual([]);
  });

  it.each([
    ["foo() ", "2.11.0", []],
    ["foo()", "2.12.0", ["error empty-arguments"]],
    ["foo()", null, ["warning empty-arguments"]],
    ["foo(float x)", "2.12.1", ["error type"]],
    ["foo(struct Bar *x)", "7.2.0", ["error type"]],
    ["foo(int)", "7.2.0", ["error incomplete-argument"]],
    ["foo(int a,)", "7.2.0", ["error incomplete-argument"]],
    ['tcg foo(void) "a", "b"', "6.2.0", []],
    ['tcg foo(void) "a", "b"', "7.0.0", ["error removed-property"]],
    ["vcpu foo(void)", "10.0.2", []],
    ["vcpu foo(void)", "10.1.0", ["error removed-property"]],
    ["speedy foo(void)", "1.0", ["error unknown-property"]],
    ["disable disable foo(void)", "7.2.0", ["error repeated-property"]],
    ["toString foo(void)", "7.2.0", ["error unknown-property"]],
    ['foo(void) "failed: %m"', "3.1.0", ["warning format-arguments"]],
    ['foo(const char *s) "failed: %s %m"', "4.0.0", ["error errno", "warning format-arguments"]],
    ['foo(void) "end\\n"', "4.2.0", ["error newline"]],
    ['foo(void) "a\\nb"', "4.2.0", []],
    ['foo(void) "a\\nb"', "9.1.0", ["error newline"]],
    ['foo(void) "open', "7.2.0", ["error open-quote"]],
    ['foo(int w, int v) "%*d 100%%"', "7.2.0", []],
    ['foo(int v) "x"', "7.2.0", ["warning format-arguments"]],
    [`foo(${Array.from({ length: 11 }, (_, n) => `int a${n}`).join(", ")})`, "7.2.0", ["error too-many-arguments"]],
  ])("judges %s under %s", (text, release, expected) => {
    expect(rules(text, release)).toEqual(expected);
  });

  it("reads QEMU's VERSION file", () => {
    expect(parseRelease("7.2.22\n")).toEqual({ major: 7, minor: 2 });
    expect(parseRelease("11.1.50")).toEqual({ major: 11, minor: 1 });
    expect(parseRelease("a tree")).toBeNull();
    expect(needsFinalNewline(parseRelease("3.1.0"))).toBeUndefined();
    expect(needsFinalNewline(parseRelease("4.0.0"))).toBe("error");
  });
});

describe("enabling and disabling", () => {
  it("touches nothing but the word", () => {
    const text = '\tfoo(int a)\t"x"  /* kept */ ';
    expect(disableEdits(text)).toEqual([]);
    expect(apply("disable   foo(void)", enableEdits("disable   foo(void)"))).toBe("foo(void)");
    expect(apply("disable vcpu disable foo(void)", enableEdits("disable vcpu disable foo(void)"))).toBe(
      "vcpu foo(void)",
    );
    expect(apply("vcpu foo(void)", disableEdits("vcpu foo(void)"))).toBe("disable vcpu foo(void)");
    expect(disableEdits("disable foo(void)")).toEqual([]);
    expect(enableEdits("# disable foo(void)")).toEqual([]);
  });

  it("undoes itself to the byte on any line", () => {
    const word = fc.stringMatching(/^\w{1,12}$/).filter((text) => text !== "disable");
    const rest = fc.string({ maxLength: 40 }).filter((text) => !/[\r\n]/.test(text));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 2 }), word, rest, rest, (properties, name, list, tail) => {
        const text = [...properties, `${name}(${list})${tail}`].join(" ");
        fc.pre(parseTraceLine(text).kind === "event");
        const disabled = apply(text, disableEdits(text));
        expect(isDisabled(event(disabled))).toBe(true);
        expect(apply(disabled, enableEdits(disabled))).toBe(text);
      }),
    );
  });
});

const real = "/usr/share/qemu/trace-events-all";

describe.skipIf(!existsSync(real))("the trace-events of the QEMU on this machine", () => {
  const text = existsSync(real) ? readFileSync(real, "utf8") : "";
  const lines = text.split("\n");

  it("is read without a complaint, with as many events as tracetool's own pattern finds", () => {
    const events = lines.map(parseTraceLine).filter((line) => line.kind === "event");
    const pattern = /^(?:[\w\s]+\s+)?\w+\([^)]*\)/;
    expect(events.length).toBe(lines.filter((line) => !line.trimStart().startsWith("#") && pattern.test(line)).length);
    expect(events.length).toBeGreaterThan(1000);
    expect(lines.flatMap((line) => problemsOfLine(line, parseRelease("7.2.22")))).toEqual([]);
  });

  it("comes back to the byte when every event is disabled and enabled again", () => {
    const off = lines.map((line) => apply(line, disableEdits(line)));
    expect(off.filter((line, index) => line !== lines[index]).length).toBeGreaterThan(1000);
    const wasOn = lines.map((line) => disableEdits(line).length > 0);
    const back = off.map((line, index) => (wasOn[index] ? apply(line, enableEdits(line)) : line));
    expect(back.join("\n")).toBe(text);
  });
});
