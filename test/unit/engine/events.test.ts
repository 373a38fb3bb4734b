import { copyFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { localEngine } from "../../../src/engine/local";
import {
  Category,
  type EventNames,
  type EventsPage,
  type TimeRange,
  type Timeline,
} from "../../../src/protocol/engine";
import { nanoseconds } from "../../../src/protocol/units";
import { temporaryFile } from "../../support/buildTrace";

const fixtures = path.resolve(__dirname, "../../fixtures");

/** The log of devices, several times over so that it makes several chunks, open in an engine. */
async function openDevices(times: number) {
  const file = await temporaryFile("devices.log");
  const text = gunzipSync(await readFile(path.join(fixtures, "events-devices.log.gz")));
  await writeFile(file, Buffer.concat(Array.from({ length: times }, () => text)));
  await copyFile(path.join(fixtures, "events-devices.trace-events"), path.join(path.dirname(file), "trace-events"));
  const engine = localEngine(null);
  onTestFinished(() => engine.dispose());
  const cacheFolder = path.join(path.dirname(file), "cache");
  const { trace } = await engine.request("open", { path: file, vmlinux: [], cacheFolder });
  const summary = await engine.request("settled", { trace });
  return {
    summary,
    timeline: (buckets: number, range: TimeRange | null = null): Promise<Timeline> =>
      engine.request("timeline", { trace, range, buckets, metric: "executions" }),
    lines: text.toString("latin1").trimEnd().split("\n"),
    page: (filter: string, offset = 0, limit = 100, range: TimeRange | null = null): Promise<EventsPage> =>
      engine.request("events", { trace, range, filter, offset, limit }),
    save: async (filter: string, format: "csv" | "json"): Promise<{ count: number; text: string }> => {
      const output = `${file}.${format}`;
      const count = await engine.request("exportEvents", { trace, range: null, filter, output, format });
      return { count, text: await readFile(output, "utf8") };
    },
    names: (filter: string, range: TimeRange | null = null): Promise<EventNames> =>
      engine.request("eventNames", { trace, range, filter }),
  };
}

describe("the events of an open trace", () => {
  it("are counted by name, as the lines of the log are", async () => {
    const { summary, lines, names } = await openDevices(20);
    expect(summary).toMatchObject({ events: 20 * lines.length, executions: 0, trust: { level: "complete" } });
    const { name, count } = await names("");
    const expected = new Map<string, number>();
    for (const line of lines) {
      const event = line.replace(/^\S+?:/, "").split(" ")[0];
      expected.set(event, (expected.get(event) ?? 0) + 20);
    }
    expect(new Map(name.map((each, index) => [each, count[index]]))).toEqual(expected);
    expect([...count]).toEqual([...count].sort((a, b) => b - a));
    expect((await names("pic_* level=1")).name).toEqual(["pic_set_irq"]);
  });

  it("are saved whole, as lines or as objects with typed arguments", async () => {
    const { page, save, summary } = await openDevices(20);
    const filter = "pic_set_irq level=1";
    const all = await page(filter, 0, 10_000);
    const csv = await save(filter, "csv");
    const [heading, ...rows] = csv.text.trimEnd().split("\n");
    expect(heading).toBe(summary.clock === "host" ? "timeNs,tid,name,arguments" : "execution,tid,name,arguments");
    expect([csv.count, rows.length]).toEqual([all.matched, all.matched]);
    expect(rows.map((row) => row.split(",").at(-1))).toEqual(all.arguments);
    const json = await save("", "json");
    const objects = JSON.parse(json.text) as { readonly name: string; readonly arguments: Record<string, unknown> }[];
    expect([json.count, objects.length]).toEqual([summary.events, summary.events]);
    const raised = objects.filter(({ name, arguments: given }) => name === "pic_set_irq" && given["level"] === 1);
    expect(raised).toHaveLength(all.matched);
    expect(JSON.parse((await save("nothing_has_this", "json")).text)).toEqual([]);
  });

  it("come in pages, the same at any place of the list", async () => {
    const { lines, page } = await openDevices(20);
    const all = await page("pic_set_irq level=1", 0, 10_000);
    const wanted = lines.filter((line) => / level 1$/.test(line));
    expect(all.matched).toBe(20 * wanted.length);
    expect(all.name.length).toBe(all.matched);
    for (const offset of [0, 1, wanted.length - 1, all.matched - 3, all.matched, all.matched + 9]) {
      const part = await page("pic_set_irq level=1", offset, 7);
      expect(part.matched).toBe(all.matched);
      expect(part.arguments).toEqual(all.arguments.slice(offset, offset + 7));
      expect([...part.time]).toEqual([...all.time.slice(offset, offset + 7)]);
    }
    expect(all.threads).toBe("thread");
    expect(all.arguments[0]).toMatch(/^master=[01] irq=\d+ level=1$/);
  });

  it("follow a range of time", async () => {
    const { page, names } = await openDevices(1);
    const { time } = await page("", 0, 10_000);
    const range = { start: nanoseconds(time[400]), end: nanoseconds(time[900]) };
    const inside = [...time].filter((each) => each >= range.start && each < range.end);
    const part = await page("", 0, 10_000, range);
    expect([...part.time]).toEqual(inside);
    const counted = await names("", range);
    expect(counted.count.reduce((sum, count) => sum + count, 0)).toBe(inside.length);
    expect((await page("", 0, 9, { start: nanoseconds(-9), end: nanoseconds(0) })).matched).toBe(0);
  });

  it("end the trace that has no executions, and fill its timeline", async () => {
    const { summary, page, timeline } = await openDevices(1);
    const { time } = await page("", 0, 10_000);
    const last = Math.max(...time);
    expect(last).toBeGreaterThan(1e6);
    expect(summary.duration).toBe(last);
    const { range, values } = await timeline(7);
    expect(range).toEqual({ start: 0, end: last });
    const expected = Array.from({ length: 7 }, () => 0);
    for (const each of time) expected[Math.min(6, Math.floor((each / last) * 7))]++;
    expect([...values[Category.Unknown]]).toEqual(expected);
    // A range up to the end holds the last event, another does not hold what is at its end.
    const end = { start: nanoseconds(last - 1), end: nanoseconds(last) };
    const atEnd = [...time].filter((each) => each >= last - 1).length;
    expect((await page("", 0, 10_000, end)).matched).toBe(atEnd);
    expect((await timeline(3, end)).values[Category.Unknown].reduce((sum, count) => sum + count)).toBe(atEnd);
    expect((await page("", 0, 9, { start: nanoseconds(0), end: nanoseconds(last) })).matched).toBe(time.length);
  });
});
