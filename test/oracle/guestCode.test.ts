/**
 * A boot with KASLR that loads modules and runs programs, against what the guest itself said: /proc/modules, /proc/kallsyms,
 * /proc/iomem, and the address of a function that a program printed.
 */
import {
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { ensureModuleBoot } from "../../scripts/environment/moduleBoot.mjs";
import { localEngine, type LocalEngine } from "../../src/engine/local";
import { Category, type FunctionsPage, type TraceHandle, type TraceSummary } from "../../src/protocol/engine";
import { ElfFile } from "../../src/symbols/elf/elfFile";
import { readBuildId } from "../../src/symbols/elf/notes";
import { buildBundles, type Bundles } from "../support/bundles";
import { startDebuginfod } from "../support/debuginfodServer";
import { readGuestConsole, type GuestConsole } from "../support/guestConsole";
import { symbolAddress } from "../support/nm";
import { writeWithoutBytes } from "../support/withoutBytes";

let boot: Awaited<ReturnType<typeof ensureModuleBoot>>;
let guest: GuestConsole;
let bundles: Bundles;
let folder: string;
let engine: LocalEngine;
let summary: TraceSummary;
let rows: FunctionsPage;

beforeAll(async () => {
  boot = await ensureModuleBoot();
  guest = readGuestConsole(readFileSync(boot.console, "latin1"));
  bundles = await buildBundles();
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-code-"));
  engine = localEngine(path.dirname(bundles.scanWorker));
  const opening = { path: boot.trace, vmlinux: [boot.vmlinux], cacheFolder: folder };
  const { trace } = await engine.request("open", opening);
  summary = await engine.request("settled", { trace });
  rows = await functions(trace);
});
afterAll(async () => {
  engine.dispose();
  rmSync(folder, { recursive: true, force: true });
  await bundles.remove();
});

const everyFunction = {
  range: null,
  sort: "executions",
  descending: true,
  filter: "",
  metric: "executions",
  offset: 0,
  limit: 1e6,
} as const;

const functions = (trace: TraceHandle): Promise<FunctionsPage> =>
  engine.request("functions", { ...everyFunction, trace });

/** Executions of the rows for which it holds. */
const executionsOf = (holds: (row: number) => boolean): number =>
  rows.name.reduce((sum, _, row) => (holds(row) ? sum + rows.executions[row] : sum), 0);
const executionsOfName = (name: string): number => executionsOf((row) => rows.name[row] === name);

describe("a recording that goes on", () => {
  it("has the names of its modules and programs before its end, and then those of the whole", async () => {
    const bytes = readFileSync(boot.trace);
    // As the recorder leaves the head until its end: the state of docs/trace-format.md, "File header".
    const finished = bytes.readUInt32LE(40);
    bytes.writeUInt32LE(1, 40);
    const file = path.join(path.dirname(boot.trace), `growing-${process.pid}.bst`);
    const written = Math.floor(0.97 * bytes.length);
    writeFileSync(file, bytes.subarray(0, written));
    const writer = openSync(file, "r+");
    onTestFinished(() => rmSync(file));
    const opening = { path: file, vmlinux: [boot.vmlinux], cacheFolder: folder, follow: true };
    const { trace } = await engine.request("open", opening);
    await engine.request("functions", { ...everyFunction, trace });
    const now = (): Promise<TraceSummary> => engine.request("summary", { trace });
    await vi.waitFor(
      async () => {
        const { follow, symbols } = await now();
        expect(follow).toBe("live");
        expect(symbols?.files?.map(({ name }) => name)).toContain("virtio_ring");
      },
      { timeout: 120_000, interval: 100 },
    );
    const early = await engine.request("functions", { ...everyFunction, trace });
    expect(early.name).toContain("virtqueue_add_split [virtio_ring]");
    writeSync(writer, bytes, written, bytes.length - written, written);
    writeSync(writer, Uint32Array.of(finished), 0, 4, 40);
    closeSync(writer);
    const whole = await engine.request("settled", { trace });
    expect(whole).toEqual({ ...summary, path: file, revision: whole.revision });
  });
});

describe("a boot with KASLR", () => {
  it("puts the kernel where the guest's /proc/kallsyms and /proc/iomem say", () => {
    const linked = symbolAddress(boot.vmlinux, "_text");
    expect(guest.text).not.toBe(linked);
    expect(BigInt(summary.symbols?.slide?.virtual ?? 0)).toBe(guest.text - linked);
    // The kernel is linked to be loaded at 16 MiB.
    expect(BigInt(summary.symbols?.slide?.physical ?? 0)).toBe(guest.physical - 0x100_0000n);
  });

  it("puts the modules where the guest's /proc/modules says, also those that were replaced", () => {
    expect(guest.modules).toHaveLength(8);
    const found = summary.symbols?.files?.filter(({ category }) => category === Category.Module) ?? [];
    const addresses = new Map(guest.modules.map(([name, address]) => [name, address]));
    // The code for initialisation is elsewhere, at most 4 KiB of it here, and /proc/modules does not tell it.
    const core = found.filter(({ name, address }) => addresses.get(name) === address).map(({ name }) => name);
    const silent = "virtio_pci_legacy_dev"; // is loaded, but nothing of it is executed
    expect(core.sort()).toEqual([...addresses.keys()].filter((name) => name !== silent).sort());
    const [first, second] = ["rmd160", "wp512"].map((name) => addresses.get(name));
    expect(first).toBe(second);
    expect(found.filter((file) => !core.includes(file.name))).toEqual([]);
  });

  it("names what the modules executed, with a line", () => {
    const isModule = (row: number) => rows.category[row] === (Category.Module as number);
    const all = executionsOf(isModule);
    expect(all).toBeGreaterThan(80_000);
    expect(executionsOf((row) => isModule(row) && rows.file[row] !== null) / all).toBeGreaterThanOrEqual(0.99);
    const code = rows.name.filter((_, row) => isModule(row)).filter((name) => name.startsWith("["));
    expect(code).toEqual([]);
  });

  it("tells modules apart that were at one address one after the other, and code for initialisation that was freed", () => {
    for (const name of ["rmd160_transform [rmd160]", "wp512_process_buffer [wp512]"]) {
      expect(executionsOfName(name)).toBeGreaterThan(1000);
    }
    // Each is the whole of a module's initialisation, executed once: virtio_blk's in four pieces.
    expect(rows.name).toEqual(
      expect.arrayContaining(["rmd160_mod_init [rmd160]", "wp512_mod_init [wp512]", "virtio_blk_init [virtio_blk]"]),
    );
  });

  it("names programs by their symbols, at their link address and moved", () => {
    const [fixed, ...moved] = guest.programs;
    expect(BigInt(`0x${fixed[1]}`)).toBe(symbolAddress(boot.worker, "worker_collatz"));
    const found = summary.symbols?.files?.filter(({ name }) => name === "worker-pie") ?? [];
    const offset = symbolAddress(boot.workerPie, "worker_collatz");
    expect(moved).toHaveLength(2);
    for (const [, address] of moved) {
      const at = BigInt(`0x${address}`);
      const inside = found.filter(
        (file) => at >= BigInt(`0x${file.address}`) && at - BigInt(`0x${file.address}`) < file.bytes,
      );
      expect(inside).toHaveLength(1);
      expect((at - offset) % 4096n).toBe(0n);
    }
    expect(executionsOfName("worker_collatz [worker]") * 2).toBe(executionsOfName("worker_collatz [worker-pie]"));
    expect(executionsOfName("main [worker]")).toBe(executionsOfName("main [worker-pie]") / 2);
  });

  it("adds up, with a reason for everything that has no name", () => {
    expect(executionsOf(() => true)).toBe(summary.executions);
    const named = executionsOf((row) => rows.note[row] === "");
    expect(named).toBe(summary.named);
    expect(summary.unnamed.map(({ reason }) => reason)).not.toContain("unknown address");
    expect(summary.unnamed.find(({ reason }) => reason.startsWith("busybox"))?.reason).toBe(
      "busybox: the file has no symbols",
    );
  });

  it("is named the same when it is opened again", async () => {
    const opening = { path: boot.trace, vmlinux: [boot.vmlinux], cacheFolder: folder };
    const { trace } = await engine.request("open", opening);
    const again = await engine.request("settled", { trace });
    expect({ ...again, revision: 0 }).toEqual({ ...summary, revision: 0 });
    const page = await functions(trace);
    expect(page.name).toEqual(rows.name);
    expect(page.file).toEqual(rows.file);
    const file = rows.file[rows.name.indexOf("wp512_process_buffer [wp512]")] ?? "";
    const lines = await engine.request("lines", { trace, file, range: null });
    expect(lines?.functions.map(({ name }) => name)).toContain("wp512_process_buffer [wp512]");
  });

  it("names its modules by the guest's own list where the trace has no bytes, as it does by bytes", async () => {
    const bare = path.join(folder, "bare.bst");
    writeWithoutBytes(boot.trace, bare);
    copyFileSync(boot.console, path.join(folder, "bare.modules"));
    const opening = { path: bare, vmlinux: [boot.vmlinux], cacheFolder: folder };
    const { trace } = await engine.request("open", opening);
    const listed = await engine.request("settled", { trace });
    expect(listed.symbols).toMatchObject({ match: { verdict: "matches" } });
    const replaced = ["rmd160", "wp512"];
    const ofModules = (page: FunctionsPage) =>
      page.name
        .map((name, row) => ({ name, executions: page.executions[row], file: page.file[row] }))
        .filter(({ name }) => guest.modules.some(([module]) => name.endsWith(` [${module}]`)))
        // Where code for initialisation was is not in /proc/modules; of two modules at one place nothing says when each was there.
        .filter(({ name, file }) => !replaced.some((module) => name.endsWith(`[${module}]`)) && file !== null)
        .filter(({ name }) => !/_init \[/.test(name));
    const page = await functions(trace);
    const [byBytes, byList] = [ofModules(rows), ofModules(page)];
    const sources = (found: typeof byBytes) => found.map(({ name, file }) => `${name} ${file ?? "-"}`).sort();
    expect(byBytes.length).toBeGreaterThan(50);
    expect(sources(byList)).toEqual(sources(byBytes));
    // A block that was executed before its code was patched has other bytes than the file's: the list takes it for the same.
    const counts = new Map(byList.map(({ name, executions }) => [name, executions]));
    const more = byBytes.map(({ name, executions }) => (counts.get(name) ?? 0) - executions);
    expect(Math.min(...more)).toBe(0);
    expect(more.reduce((sum, one) => sum + one)).toBeLessThan(10);
    expect(page.name.filter((name) => replaced.some((module) => name.endsWith(`[${module}]`)))).toEqual([]);
    expect(listed.unnamed.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^module code: the trace has no bytes/)]),
    );
  });

  it("is named the same when a debuginfod server has the debug information of the kernel and the modules", async () => {
    const files = new Map<string, string>([[`${await buildIdOf(boot.vmlinux)}/debuginfo`, boot.vmlinux]]);
    const root = boot.vmlinux.slice(0, boot.vmlinux.indexOf("/boot/vmlinux"));
    const modules = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ko"));
    for (const [name] of guest.modules) {
      const module = modules.find((file) => path.basename(file, ".ko").replaceAll("-", "_") === name) ?? "";
      files.set(`${await buildIdOf(path.join(root, module))}/debuginfo`, path.join(root, module));
    }
    const server = await startDebuginfod(files);
    const debug = { folders: [], servers: [server.url] };
    const opening = { path: boot.trace, vmlinux: [], cacheFolder: folder, debug };
    const { trace } = await engine.request("open", opening);
    const downloaded = await engine.request("settled", { trace });
    expect(downloaded.symbols?.match).toEqual(summary.symbols?.match);
    // The vDSO is found beside the package's vmlinux only, else it is user space.
    const sources = (page: FunctionsPage) =>
      page.name
        .map((name, row) => `${name} ${page.file[row] ?? "-"}`)
        .filter((text) => !/vdso|^\[user space\]/.test(text));
    expect(sources(await functions(trace)).sort()).toEqual(sources(rows).sort());
    expect(new Set(server.asked).size).toBe(server.asked.length);
  });
});

async function buildIdOf(file: string): Promise<string> {
  const elf = await ElfFile.open(file);
  try {
    return (await readBuildId(elf)) ?? "";
  } finally {
    await elf.close();
  }
}
