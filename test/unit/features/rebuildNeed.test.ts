import { describe, expect, it } from "vitest";
import { listNames, rebuildNeed } from "../../../src/features/traceEvents/rebuildNeed";

const names = { all: new Set(["exec_tb", "qxl_io_write_vga"]), compiledOut: new Set(["qxl_io_write_vga"]) };
const need = (text: string, generated = false) => rebuildNeed([{ lines: text.split("\n"), generated }], names);

describe("rebuildNeed", () => {
  it("needs nothing for events that the QEMU can log, or that stay disabled", () => {
    const text = "# file.c\nexec_tb(void)\ndisable qxl_io_write_vga(int qid)\ndisable new_event(void)";
    expect(need(text)).toEqual({ compiledOut: [], missing: [] });
  });

  it("names what was compiled out and what was added since", () => {
    const text = "exec_tb(void)\nqxl_io_write_vga(int qid)\nnew_event(void)";
    expect(need(text)).toEqual({ compiledOut: ["qxl_io_write_vga"], missing: ["new_event"] });
  });

  it("does not ask for the events of other targets", () => {
    expect(need("hppa_tlb_ptlb(void *env)\nhppa_tlb_ptlbe(void *env)")).toEqual({ compiledOut: [], missing: [] });
    expect(need("exec_tb(void)\nhppa_tlb_ptlb(void *env)", true)).toEqual({ compiledOut: [], missing: [] });
  });

  it("lists names in few words", () => {
    expect([["a"], ["a", "b"], ["a", "b", "c", "d"]].map(listNames)).toEqual(["a", "a and b", "a, b and 2 more"]);
  });
});
