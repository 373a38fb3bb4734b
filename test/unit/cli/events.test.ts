import { execFile, type ExecFileException } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildBundles, type Bundles } from "../../support/bundles";
import { temporaryFile } from "../../support/buildTrace";

const fixtures = path.resolve(__dirname, "../../fixtures");
const vector = path.join(fixtures, "simpletrace-v4-vector.trace");
const vectorEvents = path.join(fixtures, "simpletrace-v4-vector.trace-events");
const blockIo = path.join(fixtures, "simpletrace-v4-block-io.trace.gz");

let bundles: Bundles;
beforeAll(async () => {
  bundles = await buildBundles();
});
afterAll(() => bundles.remove());

function bootscope(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const done = (error: ExecFileException | null, out: string, err: string): void =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, out, err });
    execFile(process.execPath, [bundles.cli, ...args], { maxBuffer: 64 * 1024 * 1024 }, done);
  });
}

describe("bootscope import", () => {
  it("names the arguments of events by the file that it is given", async () => {
    const copy = await temporaryFile("copy.bst");
    expect((await bootscope("import", vector, "-o", copy, "--trace-events", vectorEvents)).code).toBe(0);
    const { out } = await bootscope("events", copy, "--name", "b*");
    expect(out).toBe('     0.000500000 pid=4242 bar name="hi yo" v=-3\n');
    const { code, err } = await bootscope("import", vector, "-o", copy, "--trace-events", "/nowhere");
    expect(code).toBe(2);
    expect(err).toContain("/nowhere cannot be read");
  });
});

describe("bootscope events", () => {
  it("says that a trace of executions has none", async () => {
    const copy = await temporaryFile("executions.bst");
    const log = await temporaryFile("executions.log");
    writeFileSync(log, "Trace 0: 0x7f35 [00000000/000000000000fff0/00000040/ff000200] \n");
    expect((await bootscope("import", log, "-o", copy)).code).toBe(0);
    for (const trace of [copy, log]) {
      const { code, out, err } = await bootscope("events", trace, "--count", "--json");
      expect({ code, counts: JSON.parse(out) as unknown }).toEqual({ code: 0, counts: { counts: {} } });
      expect(err).toContain("has no events besides executions");
    }
  });

  it("prints what simpletrace.py prints", async () => {
    const { code, out, err } = await bootscope("events", "--text", "--trace-events", vectorEvents, vector);
    expect(out).toBe(
      [
        "exec_tb 0.000 pid=4242 tb=0x7f3524000040 pc=0xfffffff0",
        "foo -1.000 pid=4242 ",
        "bar 501.000 pid=4242 name=b'hi yo' v=0xfffffffffffffffd",
        "Dropped_Event 100.000 pid=4242 num_events_dropped=0xc",
        "exec_tb -50.000 pid=4242 tb=0x1 pc=0x2",
        "",
      ].join("\n"),
    );
    expect({ code, err }).toEqual({
      code: 0,
      err: "bootscope: QEMU lost 12 records because its buffer was full: what they told is missing.\n",
    });
  });

  it("prints comma-separated values, and says what names arguments when nothing does", async () => {
    const { code, out, err } = await bootscope(
      "events",
      "--csv",
      "--name",
      "bar",
      "--trace-events",
      vectorEvents,
      vector,
    );
    expect(out).toBe("timeNs,pid,name,arguments\n500000,4242,bar,name=hi yo v=-3\n");
    expect({ code, err }).toEqual({ code: 0, err: expect.not.stringContaining("no trace-events file") as string });
    const raw = await bootscope("events", "--csv", "--name", "bar", vector);
    expect(raw.err).toContain("no trace-events file describes bar: their arguments have no names");
    expect(raw.err).toContain("--trace-events");
  });

  it("names arguments later, and keeps the words of events that nothing describes", async () => {
    const copy = await temporaryFile("copy.bst");
    expect((await bootscope("import", vector, "-o", copy)).code).toBe(0);
    const raw = await bootscope("events", copy, "--json", "--name", "foo", "--name", "bar");
    expect(
      raw.out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { timeNs: -1000, pid: 4242, name: "foo", arguments: {} },
      // Four bytes of a length, "hi yo" and a word: no whole number of words.
      { timeNs: 500_000, pid: 4242, name: "bar", arguments: { data: "05000000686920796ffdffffffffffffff" } },
    ]);
    const named = await bootscope("events", copy, "--name", "b*", "--trace-events", vectorEvents);
    expect(named.out).toBe('     0.000500000 pid=4242 bar name="hi yo" v=-3\n');
  });

  it("counts by name, glob and argument", async () => {
    const described = await temporaryFile("trace-events");
    writeFileSync(
      described,
      `blk_co_pwritev(void *blk, void *bs, int64_t offset, int64_t bytes, int flags) "blk %p bytes %" PRId64 " flags 0x%x"
bdrv_open_common(void *bs, const char *filename, int flags, const char *format_name) "bs %p filename \\"%s\\" flags 0x%x %s"
`,
    );
    const counted = async (...args: readonly string[]): Promise<unknown> => {
      const from = ["--trace-events", described];
      return JSON.parse((await bootscope("events", blockIo, "--count", "--json", ...from, ...args)).out);
    };
    // Of the run that wrote the trace: cut -d' ' -f1 | sort | uniq -c, behind simpletrace.py.
    expect(await counted("--name", "bdrv_co_p*", "--name", "qcow2_cache_f?ush")).toEqual({
      counts: { qcow2_cache_flush: 17, bdrv_co_pwritev_part: 15, bdrv_co_preadv_part: 9 },
    });
    expect(await counted("--filter", "blk_co_pwritev bytes>=65536 bytes<1048576")).toEqual({
      counts: { blk_co_pwritev: 2 },
    });
    expect(await counted("--filter", "filename~qcow2 flags=0xe002")).toEqual({ counts: { bdrv_open_common: 1 } });
    expect(await counted("--filter", "nothing_has_this")).toEqual({ counts: {} });
  });

  it("does not take the lines of -d exec for events where they have stamps too", async () => {
    const { out } = await bootscope("events", path.join(fixtures, "text/exec-stamped-qemu11.log"), "--count", "--json");
    expect(JSON.parse(out)).toEqual({ counts: { exec_tb: 10, pci_cfg_read: 1, pci_rom_and_pci_ids: 1, smm_enter: 1 } });
  });

  it("gives the same events of a recording as of the trace that it was imported from", async () => {
    const copy = await temporaryFile("copy.bst");
    expect((await bootscope("import", blockIo, "-o", copy)).code).toBe(0);
    const [direct, imported] = await Promise.all([blockIo, copy].map((file) => bootscope("events", "--text", file)));
    expect(imported.out).toBe(direct.out);
    expect(direct.out.split("\n").length).toBe(1329);
  });

  it("reads up to a cut at any byte of the last records, and says that it is cut", async () => {
    const whole = gunzipSync(readFileSync(blockIo));
    const all = (await bootscope("events", "--text", blockIo)).out;
    const cut = await temporaryFile("cut.trace");
    for (const missing of [1, 7, 33, 100]) {
      writeFileSync(cut, whole.subarray(0, whole.length - missing));
      const { code, out, err } = await bootscope("events", "--text", cut);
      expect({ code, starts: all.startsWith(out), short: out.length < all.length }).toEqual({
        ...{ code: 0, starts: true, short: true },
      });
      expect(err).toContain("ends in the middle of a record");
    }
  });

  it("says what is wrong with its input", async () => {
    const { code, err } = await bootscope("events", "--trace-events", "/nowhere", vector);
    expect(code).toBe(2);
    expect(err).toContain("/nowhere cannot be read");
  });
});
