/** Which number QEMU gave an event, in simple traces that hold no names: each release by its own rule. */
import { describe, expect, it } from "vitest";
import { parseEventDescriptions } from "../../../src/trace/events/eventDescriptions";
import { EventCatalog } from "../../../src/trace/events/traceEventsFiles";
import { eventNumbers, numbersFor } from "../../../src/trace/import/simpletraceNames";

const traceEvents = `# See docs/tracing.txt
# disable commented(int a) "%d"

qemu_memalign(size_t alignment, void *ptr) "alignment %zu ptr %p"
disable qxl_io(int qid) "%d"
vcpu tcg guest_mem_before(TCGv vaddr) "info=%d", "vaddr=%d"
exec_tb(void *tb, uintptr_t pc) "tb:%p pc=0x%"PRIxPTR
disable exec_tb_nocache(void *tb, uintptr_t pc) "tb:%p pc=0x%"PRIxPTR
exec_tb_exit(void *next_tb, unsigned int flags) "tb:%p flags=%x"
`;
/** Of versions 3 and 4 without a header: everything has a number. */
const all = [
  ...["qemu_memalign", "qxl_io", "guest_mem_before_trans", "guest_mem_before_exec"],
  ...["exec_tb", "exec_tb_nocache", "exec_tb_exit"],
];

const numbered = (text: string, version: number, headerless = false): string[] =>
  eventNumbers(parseEventDescriptions(text), { version, littleEndian: true, headerless });

describe("version 0", () => {
  const names = ["qemu_malloc", "qemu_free", "qemu_vfree"];
  const line = (name: string): string => `${name}(void *ptr) "ptr %p"\n`;

  it("of QEMU 0.14 and 0.15, which disable most events, counts these too", () => {
    expect(numbered(names.map((name) => `disable ${line(name)}`).join(""), 0)).toEqual(names);
    expect(numbered(line(names[0]) + names.map((name) => `disable ${line(name)}`).join(""), 0).length).toBe(4);
  });

  it("of QEMU 1.0 and 1.1, which disable few events, leaves these out", () => {
    expect(numbered(`${line(names[0])}disable ${line(names[1])}${line(names[2])}`, 0)).toEqual([names[0], names[2]]);
    expect(numbered(names.map(line).join(""), 0)).toEqual(names);
  });

  it("is read from files that have a space before their arguments", () => {
    expect(numbered('qemu_malloc (size_t size) "size %zu"\nqemu_free(void *ptr) "ptr %p"\n', 0)).toEqual(
      names.slice(0, 2),
    );
  });
});

describe("version 2", () => {
  it("leaves disabled events out", () => {
    expect(numbered(traceEvents, 2)).toEqual(["qemu_memalign", "guest_mem_before", "exec_tb", "exec_tb_exit"]);
  });

  it("leaves them out however many they are", () => {
    expect(numbered('disable a_b(int a) "%d"\ndisable c_d(int a) "%d"\ne_f(int a) "%d"\n', 2)).toEqual(["e_f"]);
  });
});

describe("version 3", () => {
  it("counts disabled events, and those with tcg twice", () => {
    expect(numbered(traceEvents, 3)).toEqual(all);
  });

  it("counts a disabled event with tcg twice too", () => {
    expect(numbered('disable tcg a_b(TCGv v) "", "v=%d"\nc_d(void) ""\n', 3)).toEqual(["a_b_trans", "a_b_exec", "c_d"]);
  });

  it("counts an event with vcpu once, and neither comments nor lines that are no events", () => {
    expect(numbered('vcpu a_b(int v) "v=%d"\n\n#c_d(int v) "v=%d"\nnot an event\ne_f(void) ""\n', 3)).toEqual([
      "a_b",
      "e_f",
    ]);
  });
});

describe("version 4", () => {
  const file = { path: "trace-events-all", events: parseEventDescriptions(traceEvents) };
  const header = { version: 4, littleEndian: true };
  const stream = { ...header, headerless: true };

  it("has names in the trace, which no file overrides", () => {
    expect(numbersFor(header, new EventCatalog(file, file), "boot.trace")).toBeNull();
  });

  it("counts every event where a stream has no header, also by the file of this machine's QEMU", () => {
    expect(numbersFor(stream, new EventCatalog(file, null), "boot.trace")).toEqual(all);
    expect(numbersFor(stream, new EventCatalog(null, file), "boot.trace")).toEqual(all);
  });

  it("is the only one that this machine's QEMU may have written", () => {
    expect(() => numbersFor({ ...stream, version: 3 }, new EventCatalog(null, file), "boot.trace")).toThrow(
      "whose events have numbers only",
    );
  });
});
