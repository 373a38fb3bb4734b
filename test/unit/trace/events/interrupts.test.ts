/** Interrupts and exceptions that `-d int` logs, by lines of real runs. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEvents } from "../../../../src/trace/events/eventChunks";
import { namedValues, valueText } from "../../../../src/trace/events/eventText";
import { importTrace } from "../../../../src/trace/import/importTrace";
import { temporaryFile } from "../../../support/buildTrace";

const fixture = (name: string): string =>
  readFileSync(path.join(import.meta.dirname, "../../../fixtures/text", name), "latin1");

/** The events of a file, each as one text. */
async function eventsIn(file: string): Promise<string[]> {
  const found: string[] = [];
  await readEvents(file, {}, (decoder) => {
    while (decoder.next()) {
      const { descriptor, values } = decoder.read();
      const given = namedValues(descriptor, values).map((value) => `${value.name}=${valueText(value)}`);
      found.push([decoder.time, descriptor.name, ...given].join(" "));
    }
  });
  return found;
}

/** Of a log's import. */
async function eventsOf(text: string): Promise<{ events: string[]; executions: number; format: string }> {
  const log = await temporaryFile("int.log");
  writeFileSync(log, Buffer.from(text, "latin1"));
  const { executions, format } = await importTrace(log, `${log}.bst`);
  return { events: await eventsIn(`${log}.bst`), executions, format };
}

const countOf = (events: readonly string[], name: string): number =>
  events.filter((event) => event.split(" ")[1] === name).length;
const lines = (text: string, pattern: RegExp): number => text.split("\n").filter((line) => pattern.test(line)).length;

const trace = (pc: string): string =>
  `Trace 0: 0x7f3524000100 [0000000000000000/${pc.padStart(16, "0")}/0040c2b0/ff000200] \n`;

describe("a log of -d int", () => {
  it("of x86_64 has vectors, error codes, privilege and addresses, and no blocks", async () => {
    const text = fixture("int-x86_64.log");
    const { events, executions, format } = await eventsOf(text);
    expect({ executions, format }).toEqual({ executions: 0, format: "qemu-cpu-log" });
    expect(countOf(events, "interrupt")).toBe(lines(text, /^ *\d+: v=/));
    expect(countOf(events, "hardware_interrupt")).toBe(lines(text, /^Servicing hardware INT=/));
    expect(countOf(events, "check_exception")).toBe(lines(text, /^check_exception /));
    expect([countOf(events, "smm_enter"), countOf(events, "smm_leave")]).toEqual([1, 1]);
    expect(events.find((event) => event.includes("cpl=3"))).toBe(
      "0 interrupt count=458 vector=0xe error=0x14 software=0 cpl=3 cs=0x33 ip=0x40ebf0 pc=0x40ebf0 ss=0x2b sp=0x7ffd38fcec90 cr2=0x40ebf0",
    );
    expect(events).toContain("0 check_exception old=0xffffffff new=0xe");
  });

  it("of aarch64 has each exception once, with what the lines below its first one say", async () => {
    const { events } = await eventsOf(fixture("int-aarch64.log"));
    const texts = events.map((event) => event.slice(2));
    expect(texts.slice(0, 2)).toEqual([
      "exception_return from=AArch64 EL1 to=AArch64 EL1 pc=0x41588d58",
      "exception number=11 reason=Hypervisor Call cpu=0 from_el=1 to_el=2 ec=0x16 esr=0x5a000000 note=handled as PSCI call",
    ]);
    expect(texts).toContain(
      "exception number=4 reason=Data Abort cpu=0 from_el=1 to_el=1 ec=0x25 esr=0x96000044 far=0x5d2518 elr=0xffffca8184f69930 pc=0xffffca8184410a00 pstate=0x3c5",
    );
    expect(texts.at(-1)).toBe(
      "exception number=2 reason=SVC cpu=0 from_el=0 to_el=1 ec=0x15 esr=0x56000000 elr=0x465e98 pc=0xfffffbfffdbf7c00 pstate=0x3c5",
    );
    const newer = await eventsOf(fixture("int-aarch64-qemu10.log"));
    expect(newer.events.some((event) => event.includes(" spsr=0xa0000005 elr="))).toBe(true);
  });

  it("of arm has exceptions, returns and switches of mode", async () => {
    const text = fixture("int-arm.log");
    const { events } = await eventsOf(text);
    expect(countOf(events, "exception")).toBe(lines(text, /^Taking exception /));
    expect(countOf(events, "exception_return")).toBe(lines(text, /^Exception return /));
    expect(countOf(events, "mode_switch")).toBe(5);
    const texts = events.map((event) => event.slice(2));
    expect(texts[0]).toBe("mode_switch from=svc to=irq pc=0xc030be84");
    expect(texts).toContain(
      "exception number=4 reason=Data Abort cpu=0 from_el=1 to_el=1 ec=0x25 esr=0x9600007f dfsr=0x805 dfar=0x14a454",
    );
    expect(texts).toContain("exception_return from=AArch32 svc to=usr pc=0x11226");
  });

  it("of riscv64 has hart, cause and addresses", async () => {
    const { events } = await eventsOf(fixture("int-riscv64.log"));
    expect(events).toHaveLength(13);
    expect(events[0].slice(2)).toBe(
      "riscv_cpu_do_interrupt hart=0 async=0 cause=0x2 epc=0x80007f08 tval=0x3c002873 desc=illegal_instruction",
    );
  });

  it("is listed without an import too, in the same way", async () => {
    for (const name of ["int-aarch64.log", "int-riscv64.log"]) {
      const log = await temporaryFile(name);
      writeFileSync(log, fixture(name));
      const withoutTimes = (events: readonly string[]): string[] => events.map((event) => event.replace(/^\d+ /, ""));
      expect(withoutTimes(await eventsIn(log))).toEqual(withoutTimes((await eventsOf(fixture(name))).events));
    }
  });

  it("may have the stamps of QEMU 10.1, also inside of a line that is written in pieces", async () => {
    const stamp = "2026-11-20T12:34:56.12345";
    const line =
      `${stamp}6Z      7: v=0e e=0002 i=0 cpl=0 IP=0010:ffffffff81000000 pc=ffffffff81000000 SP=0018:ffffffff82a03d38` +
      `${stamp}7Z  CR2=0000000000001000${stamp}8Z \n`;
    const { events } = await eventsOf(line);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatch(/^1795178096123456000 interrupt count=7 vector=0xe .* cr2=0x1000$/);
  });
});

describe("interrupts beside executions", () => {
  it("take place between the blocks of -d exec, and their register dumps are none", async () => {
    const text = `${trace("a")}${fixture("int-x86_64.log")}${trace("b")}${trace("c")}${fixture("int-aarch64.log")}`;
    const { events, executions, format } = await eventsOf(text);
    expect({ executions, format }).toEqual({ executions: 3, format: "qemu-log" });
    // The block announced last is not known to have run when the next line comes.
    const times = events.map((event) => Number(event.split(" ")[0]));
    expect(new Set(times)).toEqual(new Set([0, 2]));
  });

  it("take place between the dumps of -d cpu", async () => {
    const block = fixture("cpu-x86_16.log").split("\n").slice(0, 20).join("\n");
    const { events, executions } = await eventsOf(`${block}\n${fixture("int-x86_64.log")}${block}\n${block}\n`);
    expect(executions).toBe(3);
    expect(countOf(events, "interrupt")).toBe(3);
  });
});

describe("lines like those of -d int", () => {
  it("never make a defect, whatever they are", async () => {
    const real = ["int-x86_64.log", "int-aarch64.log", "int-arm.log", "int-riscv64.log"].map(fixture).join("");
    const change = fc.record({ at: fc.nat(real.length), drop: fc.nat(40), put: fc.string({ maxLength: 12 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        const changed = changes.reduce((s, { at, drop, put }) => s.slice(0, at) + put + s.slice(at + drop), real);
        const { events } = await eventsOf(trace("a") + changed);
        expect(events.length).toBeLessThanOrEqual(real.split("\n").length + 8);
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
