/** Events that something else carried to a text, as real runs left them: each is what QEMU's own log of the same run has. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BootscopeError } from "../../../src/protocol/failure";
import { readEvents } from "../../../src/trace/events/eventChunks";
import { namedValues } from "../../../src/trace/events/eventText";
import { importTrace } from "../../../src/trace/import/importTrace";
import type { ImportResult } from "../../../src/trace/import/traceFormat";
import { openTraceFile } from "../../../src/trace/reader";
import { temporaryFile } from "../../support/buildTrace";
import { decodeTrace } from "../../support/decodeTrace";

const folder = path.join(import.meta.dirname, "../../fixtures/backends");
const traceEvents = path.join(folder, "trace-events");
const fixture = (name: string): string => readFileSync(path.join(folder, name), "latin1");

interface Carried {
  readonly result: ImportResult;
  /** Addresses in order, by thread. */
  readonly executed: string[][];
  /** Names, arguments and values. */
  readonly events: string[];
  readonly threads: Set<number>;
}

async function importText(text: string): Promise<Carried> {
  const output = await temporaryFile();
  writeFileSync(`${output}.txt`, Buffer.from(text, "latin1"));
  const result = await importTrace(`${output}.txt`, output, { traceEvents });
  const trace = await openTraceFile(output);
  const executed: string[][] = [];
  decodeTrace(trace).forEach(({ blocks }, index) => {
    (executed[trace.chunks[index].vcpu] ??= []).push(
      ...[...blocks].map((block) => trace.blocks.address[block].toString(16)),
    );
  });
  const events: string[] = [];
  const threads = new Set<number>();
  await readEvents(output, {}, (decoder) => {
    while (decoder.next()) {
      const { descriptor, values } = decoder.read();
      threads.add(decoder.thread);
      const given = namedValues(descriptor, values).map(({ name, value }) => `${name}=${value}`);
      events.push([descriptor.name, ...given].join(" "));
    }
  });
  return { result, executed, events, threads };
}

describe.each([
  ["ftrace's trace", "a-ftrace.txt", "a-log.log", "ftrace", 22737],
  ["ftrace's trace_pipe", "b-trace_pipe.txt", "b-log.log", "ftrace", 23418],
  ["trace-cmd report", "c-trace-cmd.txt", "c-log.log", "ftrace", 23646],
  ["rsyslog's file with exact stamps", "b-rsyslog-iso.txt", "b-log.log", "syslog", 23418],
  ["rsyslog's usual file", "b-rsyslog.txt", "b-log.log", "syslog", 23418],
  ["babeltrace", "a-babeltrace.txt", "a-log.log", "lttng", 22737],
])("%s", (_title, name, log, format, thread) => {
  it("has the executions and the events that QEMU logged in that run", async () => {
    const [carried, logged] = [await importText(fixture(name)), await importText(fixture(log))];
    expect(carried.executed).toEqual(logged.executed);
    expect(carried.result).toMatchObject({ format, stepsBack: 0, executions: logged.result.executions });
    expect(logged.result.executions).toBeGreaterThan(5);
    expect(carried.events).toEqual(logged.events);
    expect(carried.threads).toEqual(new Set([thread]));
    expect(carried.result.stamped).toBe(name !== "b-rsyslog.txt");
    expect(carried.result.trust.mode).toBe("chained");
  });
});

describe("babeltrace's options", () => {
  it.each(["full", "names", "nodelta", "sec"])("change the form of lines, and nothing else: %s", async (option) => {
    const [usual, other] = [
      await importText(fixture("a-babeltrace.txt")),
      await importText(fixture(`a-babeltrace-${option}.txt`)),
    ];
    expect(other.result.executions).toBeGreaterThan(2);
    expect(usual.executed[0].slice(0, other.executed[0].length)).toEqual(other.executed[0]);
    // The fifth line of the one is the first of the other.
    expect(usual.events.slice(4, 4 + other.events.length)).toEqual(other.events);
    expect(other.result).toMatchObject({ stamped: true, stepsBack: 0 });
  });

  it("may be without the context that tells threads apart, which the trace then says", async () => {
    const { result } = await importText(fixture("a-babeltrace.txt").replaceAll("{ vtid = 22737 }, ", ""));
    expect(result.trust.reasons.join(" ")).toContain("which virtual CPU");
  });

  it("may show the time of the day only, which begins anew at midnight", async () => {
    const line = (time: string, pc: string): string =>
      `[${time}] (+0.000000100) host qemu:exec_tb: { cpu_id = 3 }, { tb = 0x7F3524000040, pc = ${pc} }\n`;
    const { result } = await importText(line("23:59:59.999999900", "0xA") + line("00:00:00.000000100", "0xB"));
    expect(result).toMatchObject({ stepsBack: 0, endTime: 200 });
  });

  it("print texts with escapes, which are undone", async () => {
    const text = String.raw`[12:00:00.000000001] (+?.?????????) host qemu:no_such_event: { cpu_id = 0 }, { a = "x\"{ }, b = 1\\\n", n = -3, h = 0xFFFFFFFFFFFFFFFF }`;
    const { events } = await importText(`${text}\n`);
    expect(events).toEqual(['no_such_event a=x"{ }, b = 1\\\n n=-3 h=18446744073709551615']);
  });
});

describe("carried events", () => {
  it("may have been lost, which is counted", async () => {
    const text = fixture("c-trace-cmd.txt").replace(/\n/, "\nCPU:1 [LOST 117 EVENTS]\n");
    expect((await importText(text)).result).toMatchObject({ dropped: 117, trust: { mode: "chained" } });
    const babeltrace = `${fixture("a-babeltrace.txt")}[warning] Tracer discarded 9 events between [08:18:19.4] and [08:18:19.5].\n`;
    expect((await importText(babeltrace)).result).toMatchObject({ dropped: 9, trust: { mode: "chained" } });
  });

  it("may be of blocks that did not run after all", async () => {
    const lines = fixture("b-trace_pipe.txt").split("\n");
    const enter = lines.findIndex((line) => line.includes("exec_tb tb:"));
    const exit = lines[enter].replace(/exec_tb tb:(\S+) .*/, "exec_tb_exit tb:$1 flags=0x3");
    const withdrawn = [...lines.slice(0, enter + 1), exit, ...lines.slice(enter + 1)].join("\n");
    const [all, fewer] = [await importText(lines.join("\n")), await importText(withdrawn)];
    expect(fewer.executed[0]).toEqual(all.executed[0].slice(1));
  });

  it("stand between lines of other programs", async () => {
    const others = "Nov 21 08:19:14 vm sshd[1]: hello\nNov 21 08:19:14 vm cron[7]: exec_tb tb:0x7f pc=\n";
    const { result } = await importText(others + fixture("b-rsyslog.txt"));
    expect(result.trust.reasons.join(" ")).toContain("1 line is torn");
    await expect(importText(others)).rejects.toMatchObject({ code: "not-a-trace" });
  });

  it("are found in what qemu-trace-stap prints", async () => {
    const { result, executed } = await importText(
      "Running script, <Ctrl>-c to quit\n4242@1763640000123456789 exec_tb tb:0x7f3524000040 pc=0xfffffff0\n" +
        "4242@1763640000123456989 exec_tb tb:0x7f3524000080 pc=0xfe05b\n",
    );
    expect(executed).toEqual([["fffffff0", "fe05b"]]);
    expect(result).toMatchObject({ format: "qemu-log", stamped: true, endTime: 200 });
  });
});

describe.each(["a-ftrace.txt", "b-rsyslog-iso.txt", "a-babeltrace.txt", "a-babeltrace-names.txt"])("%s", (name) => {
  const text = fixture(name);

  it("has every whole line before a cut, wherever that is", async () => {
    const [all] = (await importText(text)).executed;
    for (let cut = 1; cut < text.length; cut += 311) {
      const { executed } = await importText(text.slice(0, cut)).catch((error: unknown) => {
        expect(error).toMatchObject({ code: "not-a-trace" });
        return { executed: [] as string[][] };
      });
      for (const addresses of executed) expect(all.slice(0, addresses.length)).toEqual(addresses);
    }
  });

  it("never makes a defect when it is spliced and overwritten", async () => {
    const put = fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom('"', "{", "}", "{ ", " = ", "\\", "qemu:"),
    );
    const change = fc.record({ at: fc.nat(text.length), drop: fc.nat(200), put });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        const changed = changes.reduce(
          (s, each) => s.slice(0, each.at) + each.put + s.slice(each.at + each.drop),
          text,
        );
        await importText(changed).catch((error: unknown) => expect(error).toBeInstanceOf(BootscopeError));
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
