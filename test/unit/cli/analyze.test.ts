/** The examples over a real log of devices and a real simple trace of block I/O; what they should say is told from the text itself. */
import { execFile, type ExecFileException } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildBundles, type Bundles } from "../../support/bundles";
import { temporaryFile } from "../../support/buildTrace";

const root = path.resolve(__dirname, "../../..");
const example = (name: string): string => path.join(root, "examples/analyze", name);
const fixture = (name: string): string => path.join(root, "test/fixtures", name);
const devices = fixture("events-devices.log.gz");
const described = ["--trace-events", fixture("events-devices.trace-events")];
const lines = gunzipSync(readFileSync(devices)).toString("latin1").split("\n");

let bundles: Bundles;
beforeAll(async () => {
  bundles = await buildBundles();
});
afterAll(() => bundles.remove());

function analyze(...args: readonly string[]): Promise<{ code: number; out: string[]; err: string }> {
  return new Promise((resolve) => {
    const done = (error: ExecFileException | null, out: string, err: string): void =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, out: out.trim().split("\n"), err });
    execFile(process.execPath, [bundles.cli, "analyze", ...args], done);
  });
}

async function script(text: string): Promise<string> {
  const file = await temporaryFile("script.mjs");
  writeFileSync(file, text);
  return file;
}

describe("examples of analyzers", () => {
  it("find virtqueue elements that were never returned", async () => {
    const popped = lines.findIndex((line) => line.includes("virtqueue_pop"));
    const cut = await temporaryFile("cut.log");
    writeFileSync(cut, `${lines.slice(0, popped + 1).join("\n")}\n`);
    const elem = / elem (0x[0-9a-f]+)/.exec(lines[popped])?.[1];
    const hanging = await analyze(...described, example("unreturned-requests.mjs"), cut);
    expect(hanging.out[0]).toContain(`${elem} of queue 0x`);
    expect(hanging.out.at(-1)).toBe("1 never returned");
    const whole = await analyze(...described, example("unreturned-requests.mjs"), devices);
    expect(whole.out).toEqual(["0 never returned"]);
  });

  it("find writes that overlap a range, in text and in a simple trace", async () => {
    const blockIo = fixture("simpletrace-v4-block-io.trace.gz");
    const overlapping = async (...range: readonly string[]): Promise<string | undefined> =>
      (await analyze(...described, example("overlapping-writes.mjs"), blockIo, ...range)).out.at(-1);
    // qemu-io wrote 1 MiB at 0, 64 KiB at 512 KiB and 64 KiB at 2 MiB.
    expect(await overlapping("600000", "700000")).toBe("1 writes overlap 600000 to 700000");
    expect(await overlapping("0x80000", "0x80001")).toBe("2 writes overlap 524288 to 524289");
    expect(await overlapping("2097151", "2097152")).toBe("0 writes overlap 2097151 to 2097152");
    expect(await overlapping("2097151", "2097153")).toBe("1 writes overlap 2097151 to 2097153");
  });

  it("count loads and stores by size", async () => {
    const counts = new Map<string, number>();
    for (const line of lines) {
      const match = /memory_region_ops_(read|write) .* size (\d+) name '(.*)'$/.exec(line);
      if (match === null) continue;
      const what = `${match[1] === "read" ? "load" : "store"} ${match[2]} ${match[3]}`;
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    const { out } = await analyze(...described, example("access-sizes.mjs"), devices);
    expect(new Set(out)).toEqual(new Set([...counts].map(([what, times]) => `${times} ${what}`)));
    expect(out.length).toBeGreaterThan(3);
  });

  it("sum up what was read and written", async () => {
    const blockIo = fixture("simpletrace-v4-block-io.trace.gz");
    const { out } = await analyze(...described, example("disk-bytes.mjs"), blockIo);
    expect(out.map((line) => line.split(" ").slice(1).join(" ")).at(-1)).toBe(
      `${512 + 1048576} ${1048576 + 2 * 65536}`,
    );
  });

  it("measure interrupts", async () => {
    const state = new Map<string, { since: number | null; times: number; microseconds: number }>();
    for (const line of lines) {
      const match = /@(\d+)\.(\d{6}):pic_set_irq master (\d) irq (\d+) level (\d)/.exec(line);
      if (match === null) continue;
      const name = `${match[3] === "1" ? "master" : "slave"} ${match[4]}`;
      const time = Number(match[1]) * 1e6 + Number(match[2]);
      const irq = state.get(name) ?? { since: null, times: 0, microseconds: 0 };
      state.set(name, irq);
      if (match[5] !== "0" && irq.since === null) {
        irq.since = time;
        irq.times++;
      } else if (match[5] === "0" && irq.since !== null) {
        irq.microseconds += time - irq.since;
        irq.since = null;
      }
    }
    const { out } = await analyze(...described, example("interrupt-times.mjs"), devices);
    const expected = [...state].map(
      ([name, { times, microseconds }]) => `${name}: raised ${times} times, ${microseconds * 1000} ns in all`,
    );
    expect(new Set(out)).toEqual(new Set(expected));
    expect(state.get("master 0")?.times).toBeGreaterThan(0);
  });
});

describe("an analyzer", () => {
  it("is given arguments, time and process by the number of its parameters, and all else in catchall", async () => {
    const file = await script(`
      const said = [];
      export default {
        begin: ([first]) => void said.push("begin " + first),
        exec_tb: (time, pid, tb, pc) => void said.push(["exec_tb", time, pid, tb, pc].join(" ")),
        bar: (name, v) => void said.push(["bar", name, v].join(" ")),
        catchall: (event, record) => void said.push([event.name, ...event.args.flat(), ...record].join(" ")),
        end: async () => console.log(said.join("\\n")),
      };`);
    const vector = fixture("simpletrace-v4-vector.trace");
    const events = fixture("simpletrace-v4-vector.trace-events");
    const { code, out } = await analyze("--trace-events", events, file, vector, "now");
    expect(code).toBe(0);
    expect(out).toEqual([
      "begin now",
      `exec_tb 1000000 4242 139866213974080 4294967280`,
      "foo foo 999000 4242",
      "bar hi yo -3",
      "Dropped_Event uint64_t num_events_dropped Dropped_Event 1600000 4242 12",
      "exec_tb 1550000 4242 1 2",
    ]);
  });

  it("that fails says where, and its end is not called", async () => {
    const file = await script(`
      export default class {
        virtqueue_pop() { throw new Error("no such queue"); }
        end() { console.log("the end"); }
      }`);
    const { code, out, err } = await analyze(...described, file, devices);
    expect({ code, out }).toEqual({ code: 2, out: [""] });
    expect(err).toContain("failed in event virtqueue_pop");
    expect(err).toContain("no such queue");
  });

  it("has to be a module with an object or a class", async () => {
    for (const text of ["export const begin = 1;", "export default 3;", "syntax error"]) {
      expect((await analyze(await script(text), devices)).code).toBe(2);
    }
  });
});
