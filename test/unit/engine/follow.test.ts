import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import {
  appendFile,
  copyFile,
  mkdir,
  open as openFile,
  readdir,
  readFile,
  rename,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { createGzip, gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { localEngine, type LocalEngine } from "../../../src/engine/local";
import type { FunctionsPage, TimeRange, TraceHandle, TraceSummary } from "../../../src/protocol/engine";
import { nanoseconds } from "../../../src/protocol/units";
import { writeTrace, temporaryFile } from "../../support/buildTrace";

const line = (block: number): string =>
  `Trace 0: 0x7f0012345678 [00000000/${(0xffff0000 + block * 16).toString(16).padStart(16, "0")}/00000000/ff020200] \n`;
const lines = (count: number): string => Array.from({ length: count }, (_, index) => line(index % 7)).join("");

/** Longer than two looks at a file are apart. */
const aMoment = 1200;

interface Followed {
  readonly engine: LocalEngine;
  readonly trace: TraceHandle;
  readonly path: string;
  readonly cacheFolder: string;
}

async function follow(file: string): Promise<Followed> {
  const engine = localEngine(null);
  onTestFinished(() => engine.dispose());
  const cacheFolder = path.join(path.dirname(file), "cache");
  const { trace } = await engine.request("open", { path: file, vmlinux: [], cacheFolder, follow: true });
  return { engine, trace, path: file, cacheFolder };
}

const summary = ({ engine, trace }: Followed): Promise<TraceSummary> => engine.request("summary", { trace });
const settled = ({ engine, trace }: Followed): Promise<TraceSummary> => engine.request("settled", { trace });
const functions = ({ engine, trace }: Followed, range: TimeRange | null = null): Promise<FunctionsPage> =>
  engine.request("functions", {
    trace,
    range,
    sort: "executions",
    descending: true,
    filter: "",
    metric: "executions",
    offset: 0,
    limit: 1000,
  });

/** Waits until the trace is shown with so many executions. */
const shows = (followed: Followed, executions: number): Promise<void> =>
  vi.waitFor(async () => expect((await summary(followed)).executions).toBe(executions), {
    timeout: 30_000,
    interval: 50,
  });

/** Without the totals and the finished state, as the recorder leaves it until its end. */
async function recording(): Promise<Buffer> {
  const whole = await temporaryFile();
  const blocks = Array.from({ length: 40 }, (_, index) => ({ address: BigInt(4096 + index * 16), instructions: 2 }));
  // Nothing that a predictor could learn: there are many chunks.
  const executions = Array.from({ length: 4000 }, (_, index) => (Math.imul(index, 0x9e3779b1) >>> 9) % 40);
  await writeTrace(whole, { blocks, vcpus: [executions], payloadBytes: 400 });
  const bytes = await readFile(whole);
  bytes.writeUInt32LE(1, 40);
  return bytes;
}

describe("a log that is being written", () => {
  it("is shown as far as it is written, line by line, until its writer ends, and then is what it is at once", async () => {
    const file = await temporaryFile("qemu.log");
    const writer = await openFile(file, "w");
    await writer.writeFile(lines(20) + line(3).slice(0, 30));
    const followed = await follow(file);
    const first = await functions(followed);
    // The last line may be taken back by the one after it, and half of one tells nothing.
    expect(first.traceTotals).toMatchObject({ executions: 19, time: 19 });
    const early = await summary(followed);
    expect(early).toMatchObject({ complete: false, follow: "live", format: "qemu-log", distinctBlocks: 7 });
    expect(early.trust.reasons[0]).toContain("still being written");

    await writer.writeFile(line(3).slice(30) + lines(4));
    await shows(followed, 24);
    expect((await functions(followed)).executions.reduce((sum, each) => sum + each, 0)).toBe(24);

    await writer.close();
    const whole = await settled(followed);
    expect(whole).toMatchObject({ complete: true, follow: null, executions: 25, fileBytes: lines(25).length });
    expect(whole.trust.level).toBe("complete");

    const again = await follow(file);
    expect(await settled(again)).toEqual({ ...whole, revision: (await summary(again)).revision });
    const page = await functions(followed);
    expect(await functions(again)).toEqual({ ...page, revision: expect.any(Number) as number });
    expect((await readdir(followed.cacheFolder)).filter((name) => name.startsWith("import-"))).toHaveLength(1);
  });

  it("stands still while it is paused", async () => {
    const file = await temporaryFile("qemu.log");
    const writer = await openFile(file, "w");
    await writer.writeFile(lines(10));
    const followed = await follow(file);
    await functions(followed);
    const paused = await followed.engine.request("follow", { trace: followed.trace, paused: true });
    expect(paused.follow).toBe("paused");
    await writer.writeFile(lines(10));
    await setTimeout(aMoment);
    expect((await summary(followed)).executions).toBe(9);
    await followed.engine.request("follow", { trace: followed.trace, paused: false });
    await shows(followed, 19);
    await writer.close();
    expect(await settled(followed)).toMatchObject({ executions: 20, follow: null });
  });

  it("may be empty yet", async () => {
    const file = await temporaryFile("qemu.log");
    const writer = await openFile(file, "w");
    const followed = await follow(file);
    expect(await summary(followed)).toMatchObject({ executions: 0, format: "", follow: "live" });
    const early = functions(followed);
    await writer.writeFile(lines(10));
    expect((await early).traceTotals.executions).toBe(9);
    await writer.close();
    expect(await settled(followed)).toMatchObject({ executions: 10, format: "qemu-log" });
  });

  it.each([
    ["cut", (file: string) => truncate(file, 5)],
    ["written anew", (file: string) => writeFile(file, `${line(9)}${lines(40)}`)],
    ["replaced", (file: string) => copyFile(file, `${file}.new`).then(() => rename(`${file}.new`, file))],
  ])("keeps what was read of it when it is %s, and says so", async (_how, change) => {
    const file = await temporaryFile("qemu.log");
    const writer = await openFile(file, "a");
    await writer.writeFile(lines(20));
    const followed = await follow(file);
    await functions(followed);
    await change(file);
    const whole = await settled(followed);
    await writer.close();
    expect(whole).toMatchObject({ executions: 20, follow: "lost", complete: true });
    expect(whole.trust.reasons.join()).toContain("while it was followed");
  });

  it("is not followed by those who do not want to, nor when nobody writes it", async () => {
    const file = await temporaryFile("qemu.log");
    await writeFile(file, lines(10));
    expect(await settled(await follow(file))).toMatchObject({ executions: 10, follow: null });
    const writer = await openFile(file, "a");
    const engine = localEngine(null);
    onTestFinished(() => engine.dispose());
    const { trace } = await engine.request("open", { path: file, vmlinux: [], cacheFolder: `${file}.cache` });
    expect(await engine.request("settled", { trace })).toMatchObject({ executions: 10, follow: null });
    await writer.close();
  });
});

describe("logs of QEMU's threads that are being written", () => {
  const log = (vcpu: number, count: number): string => lines(count).replaceAll("Trace 0:", `Trace ${vcpu}:`);

  it("are one trace, with those that appear later", async () => {
    const folder = `${await temporaryFile()}.logs`;
    await mkdir(folder);
    const at = (thread: number): string => path.join(folder, `x.${thread}`);
    const first = await openFile(at(10), "w");
    const second = await openFile(at(11), "w");
    await first.writeFile(log(0, 20));
    await second.writeFile(log(1, 10) + log(1, 1).slice(0, 20));
    const followed = await follow(at(11));
    const page = await functions(followed);
    // The last line of each of them may be taken back.
    expect(page.traceTotals.executions).toBe(28);
    const early = await summary(followed);
    expect(early).toMatchObject({ follow: "live", vcpus: 2, complete: false });
    expect(early.trust.reasons.join()).toContain("These 2 logs of QEMU's threads are one trace: x.10, x.11.");

    await second.writeFile(log(1, 1).slice(20) + log(1, 4));
    await shows(followed, 33);
    const third = await openFile(at(12), "w");
    await third.writeFile(log(2, 50));
    await shows(followed, 82);
    for (const each of [first, second, third]) await each.close();
    const whole = await settled(followed);
    expect(whole).toMatchObject({ complete: true, follow: null, executions: 85, vcpus: 3 });

    const again = await follow(at(10));
    const other = await settled(again);
    expect(other).toEqual({ ...whole, path: other.path, revision: other.revision });
    const parts = await functions(again);
    expect(parts).toEqual({ ...(await functions(followed)), revision: parts.revision });
  });

  it("are not followed any further when one of them is begun anew", async () => {
    const folder = `${await temporaryFile()}.logs`;
    await mkdir(folder);
    const writers = await Promise.all([10, 11].map((thread) => openFile(path.join(folder, `x.${thread}`), "w")));
    await writers[0].writeFile(log(0, 20));
    await writers[1].writeFile(log(1, 10));
    const followed = await follow(path.join(folder, "x.10"));
    await functions(followed);
    await writers[1].truncate(7);
    const whole = await settled(followed);
    for (const writer of writers) await writer.close();
    expect(whole).toMatchObject({ executions: 30, follow: "lost", complete: true });
    expect(whole.trust.reasons.join()).toContain("emptied or cut while it was followed");
  });
});

describe("a compressed file that is being written", () => {
  it("is shown as far as it can be unpacked", async () => {
    const file = await temporaryFile("qemu.log.gz");
    const writer = await openFile(file, "w");
    const gzip = createGzip();
    gzip.pipe(writer.createWriteStream());
    const write = (text: string): Promise<void> =>
      new Promise((resolve) => {
        gzip.write(text, () => gzip.flush(() => resolve()));
      });
    await write(lines(20));
    await vi.waitFor(async () => expect((await stat(file)).size).toBeGreaterThan(20));
    const followed = await follow(file);
    expect((await functions(followed)).traceTotals.executions).toBe(19);
    expect(await summary(followed)).toMatchObject({ follow: "live", complete: false, format: "qemu-log" });
    await write(lines(15));
    await shows(followed, 34);
    await new Promise((resolve) => gzip.end(() => resolve(null)));
    const whole = await settled(followed);
    expect(whole).toMatchObject({ complete: true, follow: null, executions: 35 });
    expect(whole.trust.level).toBe("complete");
    const again = await settled(await follow(file));
    expect(again).toEqual({ ...whole, revision: again.revision });
  });

  it("may grow by whole members, and be cut off in the end", async () => {
    const file = await temporaryFile("qemu.log.zst");
    const [first, second] = ["first.log.zst", "second.log.zst"].map((name) =>
      readFileSync(path.join(import.meta.dirname, "../../fixtures/compressed", name)),
    );
    const writer = await openFile(file, "w");
    await writer.writeFile(first);
    const followed = await follow(file);
    const early = (await functions(followed)).traceTotals.executions;
    expect(early).toBeGreaterThan(100);
    await writer.writeFile(second);
    await vi.waitFor(async () => expect((await summary(followed)).executions).toBeGreaterThan(early), {
      timeout: 30_000,
    });
    await writer.writeFile(first.subarray(0, first.length / 2));
    await writer.close();
    const whole = await settled(followed);
    expect(whole.executions).toBeGreaterThanOrEqual(2 * early);
    expect(whole.trust.reasons.join()).toContain("cut off");
  });

  it("may hold a recording", async () => {
    const bytes = await recording();
    const file = await temporaryFile("boot.bst.gz");
    const writer = await openFile(file, "w");
    await writer.writeFile(gzipSync(bytes.subarray(0, bytes.length / 2)));
    const followed = await follow(file);
    const { executions } = (await functions(followed)).traceTotals;
    expect(executions).toBeGreaterThan(500);
    expect(executions).toBeLessThan(3000);
    await writer.writeFile(gzipSync(bytes.subarray(bytes.length / 2)));
    await writer.close();
    expect(await settled(followed)).toMatchObject({ complete: true, follow: null, executions: 4000 });
  });
});

describe("a pipe", () => {
  it.each([
    ["a recording", (bytes: Buffer) => bytes],
    ["a compressed recording", (bytes: Buffer) => gzipSync(bytes)],
  ])("shows %s while it comes", async (_what, packed) => {
    const bytes = packed(await recording());
    const file = await temporaryFile("pipe");
    spawnSync("mkfifo", [file]);
    const followed = await follow(file);
    const early = functions(followed);
    const writer = await openFile(file, "w");
    await writer.writeFile(bytes.subarray(0, bytes.length / 2));
    const { executions } = (await early).traceTotals;
    expect(executions).toBeGreaterThan(500);
    expect(executions).toBeLessThan(3000);
    await writer.writeFile(bytes.subarray(bytes.length / 2));
    await writer.close();
    expect(await settled(followed)).toMatchObject({ complete: true, executions: 4000, format: "bst" });
  });

  it("shows a compressed log while it comes", async () => {
    const bytes = gzipSync(lines(20_000), { level: 1 });
    const file = await temporaryFile("pipe");
    spawnSync("mkfifo", [file]);
    const followed = await follow(file);
    const early = functions(followed);
    const writer = await openFile(file, "w");
    await writer.writeFile(bytes.subarray(0, bytes.length / 2));
    const { executions } = (await early).traceTotals;
    expect(executions).toBeGreaterThan(1000);
    expect(executions).toBeLessThan(19_000);
    await writer.writeFile(bytes.subarray(bytes.length / 2));
    await writer.close();
    expect(await settled(followed)).toMatchObject({ complete: true, executions: 20_000 });
  });
});

describe("a recording that goes on", () => {
  it("is shown chunk by chunk", async () => {
    const bytes = await recording();
    const file = await temporaryFile();
    await writeFile(file, bytes.subarray(0, bytes.length / 3));
    const writer = await openFile(file, "r+");
    const followed = await follow(file);
    const early = await functions(followed);
    const { executions } = early.traceTotals;
    expect(executions).toBeGreaterThan(500);
    expect(executions).toBeLessThan(3000);
    expect(early.executions.reduce((sum, each) => sum + each, 0)).toBe(executions);
    expect(await summary(followed)).toMatchObject({ complete: false, follow: "live", format: "bst" });
    await appendFile(file, bytes.subarray(bytes.length / 3, (2 * bytes.length) / 3));
    await vi.waitFor(async () => expect((await summary(followed)).executions).toBeGreaterThan(1.5 * executions), {
      timeout: 30_000,
    });
    await appendFile(file, bytes.subarray((2 * bytes.length) / 3));
    await writer.write(Buffer.of(2, 0, 0, 0), 0, 4, 40);
    await writer.close();
    const whole = await settled(followed);
    expect(whole).toMatchObject({ complete: true, follow: null, executions: 4000, fileBytes: bytes.length });
    expect(whole.trust).toMatchObject({ truncated: false, damagedBytes: 0 });
  });

  it.each([
    ["begun anew", (file: string, other: Buffer) => writeFile(file, other)],
    ["emptied", (file: string) => truncate(file)],
    [
      "replaced",
      (file: string, other: Buffer) => writeFile(`${file}.new`, other).then(() => rename(`${file}.new`, file)),
    ],
  ])("keeps what was shown of it when it is %s, says so, and counts nothing else", async (_how, change) => {
    const bytes = await recording();
    const file = await temporaryFile();
    await writeFile(file, bytes.subarray(0, bytes.length / 2));
    const writer = await openFile(file, "r+");
    const followed = await follow(file);
    const shown = await functions(followed);
    const { executions } = shown.traceTotals;
    await change(file, await recording());
    const whole = await settled(followed);
    await writer.close();
    expect(whole).toMatchObject({ executions, follow: "lost", complete: true, settled: true });
    expect(whole.trust.level).toBe("incomplete");
    expect(whole.trust.reasons[0]).toContain("while it was followed");
    expect(await functions(followed)).toMatchObject({ executions: shown.executions, name: shown.name });
    const range = { start: nanoseconds(whole.duration * 0.1001), end: nanoseconds(whole.duration * 0.4003) };
    await expect(functions(followed, range)).rejects.toMatchObject({ code: "damaged" });
    expect(await readdir(followed.cacheFolder).catch(() => [])).toEqual([]);
  });
});
