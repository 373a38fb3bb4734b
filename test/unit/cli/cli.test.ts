import { execFile, type ExecFileException } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildBundles, type Bundles } from "../../support/bundles";
import { buildTraceFile, temporaryFile } from "../../support/buildTrace";

const image = path.resolve(__dirname, "../../fixtures/symbols/dwarf5.elf");

let bundles: Bundles;
beforeAll(async () => {
  bundles = await buildBundles();
});
afterAll(() => bundles.remove());

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function bootscope(args: readonly string[], input: string | Uint8Array = ""): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, XDG_CACHE_HOME: path.join(path.dirname(bundles.cli), "cache") };
    const done = (error: ExecFileException | null, out: string, err: string): void =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, out, err });
    const child = execFile(process.execPath, [bundles.cli, ...args], { env }, done);
    child.stdin?.end(input);
  });
}

const json = async (args: readonly string[], input: string | Uint8Array = ""): Promise<unknown> => {
  const { code, out, err } = await bootscope([...args, "--json"], input);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return JSON.parse(out) as unknown;
};

const trace = (): Promise<string> =>
  buildTraceFile({
    metadata: { target: "x86_64", capture: { mode: "complete" }, qemu: { version: "7.2" }, kernel: { release: "6.1" } },
    blocks: [
      { address: 0xffff_fff0n, instructions: 1 },
      { address: 0xffff_ffff_8100_0000n, instructions: 5, size: 16, crc: 1 },
    ],
    vcpus: [
      [
        { block: 0, time: 0 },
        { block: 1, time: 100 },
        { block: 1, time: 200 },
      ],
    ],
    endTime: 300,
  });

describe("what a trace with its names inside needs no vmlinux for", () => {
  const sample = path.resolve(__dirname, "../../../sample/boot.bst");

  it("lines of a file add up to the file", async () => {
    const { fileTotals, lines } = (await json(["lines", sample, "--file", "lib/sort.c"])) as {
      fileTotals: { instructions: number };
      lines: { instructions: number }[];
    };
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.reduce((sum, { instructions }) => sum + instructions, 0)).toBe(fileTotals.instructions);
  });

  it("functions say how many more there are, or that there are none", async () => {
    const list = async (...args: string[]): Promise<string> => (await bootscope(["functions", sample, ...args])).out;
    const { matched } = (await json(["functions", sample, "--filter", "file:lib/sort.c"])) as { matched: number };
    expect(matched).toBeGreaterThan(2);
    expect(await list("--filter", "file:lib/sort.c", "--limit", "1")).toContain(`… and ${matched - 1} more (--limit)`);
    expect(await list("--filter", "nothing_is_called_so")).toContain("No executed function matches the filter.");
  });

  it("but without names, lines ask for one", async () => {
    const { code, err } = await bootscope(["lines", await trace(), "--file", "lib/sort.c"]);
    expect(code).toBe(2);
    expect(err).toContain("--vmlinux");
  });
});

describe("bootscope", () => {
  it("explains itself", async () => {
    const { code, out } = await bootscope(["--help"]);
    expect(code).toBe(0);
    for (const command of ["record", "info", "functions", "lines", "phases", "import", "symbolize"])
      expect(out).toContain(command);
  });

  it.each(["info", "functions", "events"])("explains %s without values that say nothing", async (command) => {
    const { code, out } = await bootscope(["help", command]);
    expect(code).toBe(0);
    expect(out).not.toMatch(/default: (\[\]|"")/);
  });

  it("tells what a trace is", async () => {
    expect(await json(["info", await trace()])).toMatchObject({
      format: "bst",
      executions: 3,
      instructions: 11,
      distinctBlocks: 2,
      vcpus: 1,
      durationNs: 300,
      trust: "complete",
      dropped: 0,
      truncated: false,
      qemu: "7.2",
      guest: "Linux 6.1",
    });
  });

  it("tells in words what a trace lacks", async () => {
    const told = async (file: string): Promise<string> => (await bootscope(["info", file])).out;
    const dropped = await told(path.resolve(__dirname, "../../fixtures/simpletrace-v4-vector.trace"));
    expect(dropped).toMatch(/^trust +chained\n/);
    expect(dropped).toContain(
      "\n              QEMU lost 12 records because its buffer was full: what they told is missing.\n",
    );
    expect(dropped).toMatch(/^dropped +12 records$/m);
    const stepped = await temporaryFile("stepped.log");
    const line = (time: string): string => `100@${time}:exec_tb tb:0x7f3524000040 pc=0xfff0\n`;
    await writeFile(stepped, line("5.000009") + line("5.000003") + line("5.000010"));
    expect(await told(stepped)).toContain(
      "\n              1 time stamp lies before an earlier one, whose time it has here: the clock of the source stepped back",
    );
  });

  it("tells how long the events of a trace without executions took", async () => {
    const log = await temporaryFile("events.log");
    await writeFile(
      log,
      "100@5.000001:pic_set_irq master 1 irq 0 level 0\n100@7.500001:pic_set_irq master 1 irq 0 level 1\n",
    );
    const expected = { executions: 0, events: 2, durationNs: 2.5e9 };
    expect(await json(["info", log])).toMatchObject(expected);
    expect(await json(["import", log, "-o", await temporaryFile("events.bst")])).toMatchObject(expected);
  });

  it("lists functions that add up to the totals", async () => {
    const result = (await json(["functions", await trace()])) as { totals: object; functions: object[] };
    expect(result.totals).toEqual({ executions: 3, instructions: 11, timeNs: 300 });
    expect(result.functions).toEqual([
      {
        name: "[kernel ffffffff81000000]",
        rawNames: [],
        address: "0xffffffff81000000",
        file: null,
        line: null,
        executions: 2,
        instructions: 10,
        timeNs: 200,
        firstNs: 100,
        note: "no vmlinux",
        inlinedInto: null,
      },
      {
        name: "[firmware]",
        rawNames: [],
        address: "0xfffffff0",
        file: null,
        line: null,
        executions: 1,
        instructions: 1,
        timeNs: 100,
        firstNs: 0,
        note: "firmware: no symbols",
        inlinedInto: null,
      },
    ]);
  });

  it("sorts, limits and filters", async () => {
    const file = await trace();
    const names = async (...args: string[]) =>
      ((await json(["functions", file, ...args])) as { functions: { name: string }[] }).functions.map(
        ({ name }) => name,
      );
    expect(await names("--sort", "first")).toEqual(["[firmware]", "[kernel ffffffff81000000]"]);
    expect(await names("--limit", "1")).toEqual(["[kernel ffffffff81000000]"]);
    expect(await names("--filter", "firm")).toEqual(["[firmware]"]);
  });

  it("begins listings for people with how far they can be trusted", async () => {
    const { out } = await bootscope(["functions", await trace()]);
    expect(out.split("\n")[0]).toBe("complete; no names");
    expect(out).toMatch(/90\.9 % +2 +10 +200 ns/);
  });

  it("lists phases", async () => {
    expect(await json(["phases", await trace()])).toMatchObject({
      phases: [
        { name: "reset", startNs: 0, executions: 1 },
        { name: "kernel entry", endNs: 300, executions: 2, instructions: 10 },
      ],
    });
  });

  it("imports, and opens what it cannot time without inventing times", async () => {
    const log = await temporaryFile("exec tb.log");
    await writeFile(log, "exec_tb tb:0x1 pc=0xfffffff0\nexec_tb tb:0x2 pc=0xfe05b\n");
    const output = path.join(path.dirname(log), "out.bst");
    expect(await json(["import", log, "-o", output])).toMatchObject({ format: "bst", executions: 2, durationNs: null });
    expect(await json(["functions", output])).toMatchObject({ totals: { executions: 2, timeNs: null } });
    expect(await json(["info", log])).toMatchObject({ format: "qemu-log", executions: 2, clock: "events" });
  });

  it.each([
    [1, 3, ["[kernel ffffffff81000000]", "[firmware]"]],
    [3, 1, ["[firmware]", "[kernel ffffffff81000000]"]],
  ])("lists by executions what has no instructions: %i and %i", async (firmware, kernel, names) => {
    const log = await temporaryFile("exec.log");
    const line = (pc: string): string => `Trace 0: 0x7f0000000100 [00000000/${pc}/00000040/ff000200] \n`;
    await writeFile(log, line("00000000000fe05b").repeat(firmware) + line("ffffffff81000040").repeat(kernel));
    const { functions } = (await json(["functions", log])) as { functions: { name: string }[] };
    expect(functions.map(({ name }) => name)).toEqual(names);
  });

  it("read the standard input, compressed or not", async () => {
    const log = path.join(import.meta.dirname, "../../fixtures/compressed/first.log.xz");
    expect(await json(["info", "-"], await readFile(log))).toMatchObject({
      format: "qemu-log",
      executions: 1500,
      fileBytes: 420,
    });
  });

  it("names addresses", async () => {
    const names = (await json(["symbolize", "--vmlinux", image], "0\n\n0xffffffffffffffff\n")) as object[];
    expect(names).toEqual([
      { address: "0x0", function: null, offset: null, file: null, line: null },
      { address: "0xffffffffffffffff", function: null, offset: null, file: null, line: null },
    ]);
    expect((await bootscope(["symbolize", "--vmlinux", image], "10")).out).toBe("?? ??:0\n");
  });

  it("shows inlined calls as addr2line -a -f -i does", async () => {
    const rows = (await readFile(image.replace(/elf$/, "frames"), "utf8")).trim().split("\n");
    const [address, ...words] = rows.find((row) => row.split(" ").length === 7)!.split(" ");
    const [inner, middle, outer] = [words.slice(0, 2), words.slice(2, 4), words.slice(4)];
    const { out, err } = await bootscope(["symbolize", "--vmlinux", image, "--inlines"], `${address}\n10`);
    expect(err).toBe("");
    expect(out.split("\n")).toEqual([
      `0x${address.padStart(16, "0")}`,
      ...[inner, middle, outer].flat(),
      "0x0000000000000010",
      "??",
      "??:0",
      "",
    ]);
    const asJson = await json(["symbolize", "--vmlinux", image, "--inlines"], `${address}\n10`);
    const frameOf = ([name, place]: string[]): object => {
      const [file, line] = place.split(":");
      return { function: name, file, line: Number(line) };
    };
    expect(asJson).toEqual([
      { address: `0x${address}`, frames: [frameOf(inner), frameOf(middle), frameOf(outer)] },
      { address: "0x10", frames: [{ function: null, file: null, line: null }] },
    ]);
  });

  it("ends with 2 when what it was given is wrong, and says what to do", async () => {
    const file = await trace();
    const garbage = await temporaryFile("garbage");
    await writeFile(garbage, Buffer.alloc(1000, 7));
    const cases: [string[], RegExp][] = [
      [["info", garbage], /not a trace/],
      [["info", path.join(path.dirname(garbage), "missing.bst")], /no file/],
      [["functions", file, "--vmlinux", image], /does not belong to this trace[\s\S]*--force/],
      [["functions", file, "--vmlinux", garbage], /./],
      [["functions", file, "--sort", "nonsense"], /Allowed choices/],
      [["functions", file, "--limit", "-1"], /whole number/],
      [["lines", file, "--vmlinux", image, "--force", "--file", "nowhere.c"], /Nothing in nowhere.c was executed/],
      [["symbolize"], /--vmlinux/],
      [["nonsense"], /nonsense/],
      [["info"], /trace/],
    ];
    for (const [args, message] of cases) {
      const { code, out, err } = await bootscope(args);
      expect({ args, code, out }).toEqual({ args, code: 2, out: "" });
      expect(err).toMatch(message);
    }
    expect(await bootscope(["symbolize", "--vmlinux", image], "zz")).toMatchObject({
      code: 2,
      err: expect.stringContaining("Line 1") as string,
    });
  });

  it("uses a vmlinux that does not belong when forced", async () => {
    expect(await json(["info", await trace(), "--vmlinux", image, "--force"])).toMatchObject({
      symbols: { match: { verdict: "overridden" } },
    });
  });
});
