/** Imported logs of other forms than `-d exec` and `exec_tb`, made by real QEMUs, against what grep, awk and QEMU's own scripts find. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { open } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureForeignKernel } from "../../scripts/environment/foreignKernel.mjs";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { ensureDebianQemu } from "../../scripts/environment/debianQemu.mjs";
import { ensureQemuSource } from "../../scripts/environment/qemuSource.mjs";
import { readEvents } from "../../src/trace/events/eventChunks";
import { crc32 } from "../../src/trace/crc";
import { importTrace } from "../../src/trace/import/importTrace";
import { openTraceFile } from "../../src/trace/reader";
import { buildContribPlugin } from "../support/contribPlugin";

const logBytes = 20 * 1024 * 1024;
const quiet = ["-display", "none", "-monitor", "none", "-serial", "none", "-no-reboot"];

let folder: string;
let vmlinuz: string;
let vmlinux: string;
let source: string;

beforeAll(async () => {
  await ensurePackages([
    "qemu-system-x86",
    "qemu-system-arm",
    "qemu-system-misc",
    "qemu-user",
    "libglib2.0-dev",
    "gcc",
    "binutils",
  ]);
  ({ vmlinuz, vmlinux } = await ensureKernel());
  source = await ensureQemuSource();
  folder = mkdtempSync(path.join(tmpdir(), "bootscope foreign "));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A firmware that waits for what never comes logs nothing more: after this long, its log is taken as it is. */
const silenceMs = 1500;

/** Runs QEMU until it ends, its log is large enough or grows no more, then kills it. Answers the log's path. */
async function recordLog(
  name: string,
  qemu: string,
  args: readonly string[],
  { most = logBytes, silence = silenceMs } = {},
): Promise<string> {
  const log = path.join(folder, name);
  const child = spawn(qemu, ["-D", log, ...args], { stdio: "ignore" });
  const ended = once(child, "exit");
  const deadline = Date.now() + 60_000;
  let size = 0;
  let grewAt = Date.now();
  while (size < most && child.exitCode === null && Date.now() < deadline) {
    await sleep(20);
    const now = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
    if (now > size) grewAt = Date.now();
    size = now;
    if (size > 0 && Date.now() - grewAt > silence) break;
  }
  child.kill("SIGKILL");
  await ended;
  // The log was cut by the kill: what was cut is not what is compared here.
  const bytes = readFileSync(log);
  writeFileSync(log, bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1));
  return log;
}

function tool(command: string, args: readonly string[]): string {
  const env = { ...process.env, LC_ALL: "C" };
  const { stdout, status, stderr } = spawnSync(command, args, { encoding: "latin1", maxBuffer: 2 ** 31, env });
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
  return stdout;
}

/** Distinct addresses that awk prints for the log, as numbers without leading zeros. */
const distinct = (program: string, log: string): string[] => {
  const lines = tool("awk", [program, log]).split("\n");
  return [...new Set(lines.filter((line) => line !== "").map((line) => BigInt(`0x${line}`).toString(16)))].sort();
};

async function imported(log: string) {
  const result = await importTrace(log, `${log}.bst`);
  const { blocks, metadata } = await openTraceFile(`${log}.bst`);
  const addresses = Array.from(blocks.address.subarray(0, blocks.count), (address) => address.toString(16));
  return { result, metadata, addresses: [...new Set(addresses)].sort() };
}

/** The QEMU that the name of a test ends with. */
const newerQemu = (name: string): Promise<string> => ensureDebianQemu(name.endsWith("11.1") ? "11.1" : "10.0");

/** Program counters in the register dumps of each target. x86 in 16 and 32 bits: CS base and EIP, added by awk's doubles. */
const pcOf = {
  x86: `/^RIP=/ { print substr($1, 5) } /^EIP=/ { eip = substr($1, 5) } /^CS =/ && eip != "" {
    s = hex(eip) + hex($3); if (s >= 4294967296) s -= 4294967296; printf "%x\\n", s; eip = "" }
    function hex(t, i, n) { n = 0; for (i = 1; i <= length(t); i++) n = n * 16 + index("0123456789abcdef", substr(t, i, 1)) - 1; return n }`,
  aarch64: `/^ PC=/ { print substr($1, 4) }`,
  riscv64: `/^ pc / { print $2 }`,
};

describe("register dumps of -d cpu", () => {
  it.each([
    ["x86_64, a boot", "qemu-system-x86_64", () => [...quiet, "-m", "512", "-kernel", vmlinuz], pcOf.x86],
    ["x86_64, QEMU 10.0", null, () => [...quiet, "-m", "512", "-kernel", vmlinuz], pcOf.x86],
    ["x86_64, QEMU 11.1", null, () => [...quiet, "-m", "512", "-kernel", vmlinuz], pcOf.x86],
    ["x86_64, a program", "qemu-x86_64", () => [], pcOf.x86],
    ["riscv64", "qemu-system-riscv64", () => [...quiet, "-M", "virt"], pcOf.riscv64],
    ["aarch64", "qemu-system-aarch64", () => [...quiet, "-M", "virt", "-cpu", "cortex-a57"], pcOf.aarch64],
  ])("have the blocks that awk finds: %s", async (name, program, machine, awk) => {
    const args = [...machine(), "-d", "cpu,nochain"];
    if (program === "qemu-x86_64") args.push("/bin/true");
    const log = await recordLog(`cpu ${name}.log`, program ?? (await newerQemu(name)), args);
    const { result, addresses } = await imported(log);
    const lines = tool("awk", [awk, log]).split("\n").length - 1;
    expect(result).toMatchObject({ format: "qemu-cpu-log", executions: lines });
    expect(lines).toBeGreaterThan(1000);
    expect(addresses).toEqual(distinct(awk, log));
  });
});

describe("disassembly of -d in_asm", () => {
  it.each([
    ["x86_64", "qemu-system-x86_64", () => ["-m", "512", "-kernel", vmlinuz]],
    ["riscv64", "qemu-system-riscv64", () => ["-M", "virt"]],
  ])("has the blocks that grep counts: %s", async (name, qemu, machine) => {
    const log = await recordLog(`in_asm ${name}.log`, qemu, [...quiet, ...machine(), "-d", "in_asm"]);
    // A block ends with an empty line: the last one may be cut.
    const text = readFileSync(log, "latin1");
    writeFileSync(log, text.slice(0, text.lastIndexOf("\n\n") + 2), "latin1");
    const { result, metadata, addresses } = await imported(log);
    expect(result.executions).toBe(Number(tool("grep", ["-c", "^IN:", log])));
    const first = `/^IN:/ { wanted = 1; next } wanted && /^0x/ { sub(/:.*/, ""); print substr($0, 3); wanted = 0 }`;
    expect(addresses).toEqual(distinct(first, log));
    expect(metadata.capture?.mode).toBe("coverage");
  });
});

describe("blocks of -d in_asm,exec", () => {
  it("of a kernel for x86_64 have the bytes that its vmlinux has there", async () => {
    const args = [...quiet, "-m", "512", "-kernel", vmlinux, "-append", "nokaslr", "-d", "in_asm,exec"];
    const log = await recordLog("in_asm,exec x86_64.log", "qemu-system-x86_64", args);
    const segments = tool("readelf", ["-lW", vmlinux]).matchAll(/LOAD +0x(\w+) 0x(\w+) 0x\w+ 0x(\w+)/g);
    const loaded = [...segments].map(([, ...fields]) => fields.map((field) => BigInt(`0x${field}`)));
    const file = await open(vmlinux);
    const same = await sameBytes(log, async (address, size) => {
      const found = loaded.find(([, start, length]) => address >= start && address + BigInt(size) <= start + length);
      if (found === undefined) return null;
      const bytes = Buffer.alloc(size);
      await file.read(bytes, 0, size, Number(found[0] + address - found[1]));
      return bytes;
    });
    await file.close();
    // The kernel changes some of its code while it boots.
    expect(same).toBeGreaterThan(0.95);
  });

  it("of a kernel for aarch64 have the bytes that its image has there", async () => {
    const { kernel } = await ensureForeignKernel("arm64");
    const machine = ["-M", "virt", "-cpu", "cortex-a57", "-m", "512", "-kernel", kernel, "-append", "nokaslr"];
    const log = await recordLog("in_asm,exec aarch64.log", "qemu-system-aarch64", [
      ...quiet,
      ...machine,
      ...["-d", "in_asm,exec"],
    ]);
    const image = readFileSync(kernel);
    // Where Linux 6.1 links its first byte.
    const start = 0xffff_8000_0800_0000n;
    const same = await sameBytes(log, (address, size) => {
      const at = Number(BigInt.asUintN(64, address - start));
      return Promise.resolve(at + size <= image.length ? image.subarray(at, at + size) : null);
    });
    expect(same).toBeGreaterThan(0.95);
  });
});

/** The share of a log's blocks that have the checksum of the bytes that are there; null: they are nowhere. */
async function sameBytes(
  log: string,
  bytesAt: (address: bigint, size: number) => Promise<Uint8Array | null>,
): Promise<number> {
  await importTrace(log, `${log}.bst`);
  const { blocks } = await openTraceFile(`${log}.bst`);
  const found = { compared: 0, same: 0 };
  for (let block = 0; block < blocks.count; block++) {
    if (blocks.crc[block] === 0) continue;
    const bytes = await bytesAt(blocks.address[block], blocks.size[block]);
    if (bytes === null) continue;
    found.compared++;
    if (crc32(bytes) === blocks.crc[block]) found.same++;
  }
  expect(found.compared).toBeGreaterThan(300);
  return found.same / found.compared;
}

/** Lines of each event of `-d int`, in grep's extended expressions. */
const interruptLines = {
  x86: {
    interrupt: "^ *[0-9]+: v=",
    hardware_interrupt: "^Servicing hardware INT=",
    check_exception: "^check_exception ",
    smm_enter: "^SMM: enter",
    smm_leave: "^SMM: after RSM",
  },
  arm: {
    exception: "^Taking exception ",
    exception_return: "^Exception return ",
    mode_switch: "^AArch32 mode switch ",
  },
  riscv: { riscv_cpu_do_interrupt: "^riscv_cpu_do_interrupt: " },
};

describe("interrupts and exceptions of -d int", () => {
  it.each([
    ["x86_64", "qemu-system-x86_64", () => ["-m", "512", "-kernel", vmlinuz], interruptLines.x86],
    ["x86_64, QEMU 10.0", null, () => ["-m", "512", "-kernel", vmlinuz], interruptLines.x86],
    ["x86_64, QEMU 11.1", null, () => ["-m", "512", "-kernel", vmlinuz], interruptLines.x86],
    ["aarch64", "qemu-system-aarch64", () => virtual("arm64", "cortex-a57"), interruptLines.arm],
    ["riscv64", "qemu-system-riscv64", () => virtual("riscv64", "rv64"), interruptLines.riscv],
  ])("are those that grep counts: %s", async (name, program, machine, forms) => {
    const args = [...quiet, ...(await machine()), "-d", "int"];
    // A kernel is unpacked without interrupts, which takes its time on a busy machine; then there are many.
    const until = { most: forms === interruptLines.x86 ? 400_000 : 100_000, silence: 30_000 };
    const log = await recordLog(`int ${name}.log`, program ?? (await newerQemu(name)), args, until);
    const counts = new Map<string, number>();
    await readEvents(log, {}, (decoder) => {
      for (const { name: event, count } of decoder.descriptors) counts.set(event, (counts.get(event) ?? 0) + count);
    });
    const expected = Object.entries(forms).map(([event, form]): [string, number] => [event, grepCount(form, log)]);
    expect(counts).toEqual(new Map(expected.filter(([, count]) => count > 0)));
    expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(100);
  });
});

async function virtual(architecture: "arm64" | "riscv64", cpu: string): Promise<string[]> {
  const { kernel } = await ensureForeignKernel(architecture);
  return ["-M", "virt", "-cpu", cpu, "-m", "512", "-kernel", kernel];
}

/** Lines of a log that match; grep fails when there are none. */
const grepCount = (form: string, log: string): number =>
  Number(spawnSync("grep", ["-acE", form, log], { encoding: "latin1" }).stdout);

describe("translate_block events", () => {
  it("are those that grep counts", async () => {
    const args = [...quiet, "-m", "512", "-kernel", vmlinuz, "-trace", "translate_block", "-msg", "timestamp=on"];
    const log = await recordLog("translate_block.log", "qemu-system-x86_64", args);
    const { result, addresses } = await imported(log);
    expect(result.executions).toBe(Number(tool("grep", ["-c", "translate_block tb:", log])));
    expect(addresses).toEqual(distinct(`{ sub(/.*, pc:0x/, ""); sub(/,.*/, ""); print }`, log));
  });
});

describe("what simpletrace.py prints", () => {
  it("is what is in the binary trace", async () => {
    const trace = path.join(folder, "boot.trace");
    const packed = path.join(import.meta.dirname, "../fixtures/simpletrace-v4-boot.trace.xz");
    const { stdout } = spawnSync("xz", ["-dc", packed], { maxBuffer: 2 ** 31 });
    // Enough to compare; the script stops where a record is cut.
    writeFileSync(trace, stdout.subarray(0, 6_000_000));
    const script = path.join(source, "scripts/simpletrace.py");
    const printed = spawnSync("python3", [script, "/usr/share/qemu/trace-events-all", trace], { maxBuffer: 2 ** 31 });
    const text = path.join(folder, "boot.txt");
    writeFileSync(text, printed.stdout);
    const [binary, fromText] = [await imported(trace), await imported(text)];
    expect(fromText.result.executions).toBeGreaterThan(10_000);
    // The script fails at the record that is cut, and may have printed one more or less than is whole.
    expect(Math.abs(fromText.result.executions - binary.result.executions)).toBeLessThanOrEqual(1);
    expect(fromText.result.endTime).toBe(binary.result.endTime);
    expect(fromText.addresses).toEqual(binary.addresses);
  });
});

describe("the plugin execlog", () => {
  it("has the instructions that grep counts", async () => {
    const library = await buildContribPlugin("execlog", folder);
    const args = [...quiet, "-m", "512", "-kernel", vmlinuz, "-plugin", library, "-d", "plugin"];
    const log = await recordLog("execlog.log", "qemu-system-x86_64", args);
    const { result, addresses } = await imported(log);
    expect(result.executions).toBe(Number(tool("grep", ["-cE", "^[0-9]+, 0x", log])));
    expect(addresses).toEqual(distinct(`{ print substr($2, 3, length($2) - 3) }`, log));
  });
});
