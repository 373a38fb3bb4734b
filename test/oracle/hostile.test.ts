/** Bad input through the command line: a clear message or as much as is whole, the right exit code, and never a hang. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureBootTrace, ensureCli } from "../../scripts/environment/boot.mjs";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { localEngine } from "../../src/engine/local";

/** Longer than anything here may take; a command that reaches it hangs. */
const patience = 60_000;

/** What `bootscope info --json` must always say. */
interface Info {
  readonly executions: number;
  readonly instructions: number;
  readonly truncated: boolean;
}

let cli: string;
let trace: string;
let kernel: Awaited<ReturnType<typeof ensureKernel>>;
let folder: string;

beforeAll(async () => {
  cli = await ensureCli();
  trace = await ensureBootTrace();
  kernel = await ensureKernel();
  folder = mkdtempSync(path.join(tmpdir(), "bootscope hostile ünïcode "));
});

afterAll(() => {
  chmodSync(folder, 0o755);
  rmSync(folder, { recursive: true });
});

function bootscope(...args: readonly string[]) {
  const env = { ...process.env, XDG_CACHE_HOME: path.join(folder, "cache") };
  const result = spawnSync(process.execPath, [cli, ...args], {
    encoding: "utf8",
    timeout: patience,
    maxBuffer: 1 << 26,
    env,
  });
  expect(result.signal, `${args.join(" ")} did not end by itself`).toBeNull();
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

/** A failed command: exit code 2, nothing on standard output that looks like a result, and a message for people. */
function expectRefusal(result: ReturnType<typeof bootscope>, message: RegExp): void {
  expect(result.stderr).toMatch(message);
  expect(result.stderr).not.toMatch(/^\s+at /m);
  expect(result.code).toBe(2);
}

const info = (file: string): Info => {
  const { code, stdout, stderr } = bootscope("info", file, "--json");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Info;
};

describe("a trace file", () => {
  it("cut at 100 random bytes opens as far as it is whole and says that it is cut", async () => {
    // A second of a real recording, and the engine that the command line runs: a process for each cut would take a minute.
    const recording = path.join(folder, "second.bst");
    const input = ["--kernel", kernel.vmlinuz, "--initrd", kernel.initrd, "--preset", "fast", "--timeout", "1"];
    expect(bootscope("record", ...input, "-o", recording).code).toBe(0);
    const bytes = statSync(recording).size;
    const seed = Math.floor(Math.random() * 2 ** 31);
    const cuts = fc.sample(fc.integer({ min: 0, max: bytes - 1 }), { numRuns: 100, seed }).sort((a, b) => b - a);
    const whole = info(recording).executions;
    expect(whole).toBeGreaterThan(100_000);
    let previous = whole;
    const engine = localEngine(path.dirname(cli));
    const cacheFolder = path.join(folder, "cuts");
    for (const length of cuts) {
      truncateSync(recording, length);
      const told = `cut at ${length} (seed ${seed})`;
      const opening = engine.request("open", { path: recording, vmlinux: [], cacheFolder });
      if (length < 64) {
        await expect(opening, told).rejects.toThrow(/second\.bst/);
        continue;
      }
      const { trace: handle } = await opening;
      const { executions, trust } = await engine.request("settled", { trace: handle });
      await engine.request("close", { trace: handle });
      // The last chunk's spare room may be cut off without any loss.
      expect(trust.truncated || executions === whole, told).toBe(true);
      expect(executions, told).toBeLessThanOrEqual(previous);
      previous = executions;
    }
    engine.dispose();
    // What is left of the shortest cut, or its refusal, is what the command line tells too.
    const told = bootscope("info", recording, "--json");
    if (cuts.at(-1)! < 64) expectRefusal(told, /second\.bst/);
    else expect((JSON.parse(told.stdout) as Info).executions).toBe(previous);
  });

  it("of a whole boot cut in the middle of a chunk loses no more than what comes after", () => {
    const bytes = statSync(trace).size;
    const whole = info(trace).executions;
    const cut = path.join(folder, "cut.bst");
    copyFileSync(trace, cut);
    const kept = [0.9, 0.6, 0.3].map((share) => {
      truncateSync(cut, Math.floor(bytes * share));
      const { executions, truncated } = info(cut);
      expect(truncated).toBe(true);
      return executions / whole;
    });
    // The early megabytes of a boot hold more executions than the late ones.
    expect(kept[0]).toBeGreaterThan(0.9);
    expect(kept[1]).toBeGreaterThan(0.6);
    expect(kept[2]).toBeGreaterThan(0.3);
  });

  it.each([
    ["that is empty", Buffer.alloc(0)],
    ["of zeros", Buffer.alloc(100_000)],
    ["that is a picture", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex")],
    ["of a later version", Buffer.from("894253540d0a1a0a6300000000100000".padEnd(8192, "0"), "hex")],
  ])("%s is refused by name", (_, bytes) => {
    const file = path.join(folder, "foreign.bst");
    writeFileSync(file, bytes);
    expectRefusal(bootscope("info", file, "--json"), /foreign\.bst/);
  });

  it("that is not there, or a folder, is refused by name", () => {
    expectRefusal(bootscope("info", path.join(folder, "nothing.bst")), /nothing\.bst/);
    expectRefusal(bootscope("info", folder), /hostile/);
  });

  it("with damaged bytes in the middle counts what is lost", () => {
    const damaged = path.join(folder, "damaged.bst");
    copyFileSync(trace, damaged);
    const file = openSync(damaged, "r+");
    writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, Math.floor(statSync(trace).size / 2));
    const { executions } = info(damaged);
    expect(executions).toBeGreaterThan(info(trace).executions / 2);
    expect(executions).toBeLessThan(info(trace).executions);
  });
});

describe("a vmlinux", () => {
  /** The kernel's own vmlinux with another build-id and other code. */
  function anotherKernel(): string {
    const other = path.join(folder, "other vmlinux");
    copyFileSync(kernel.vmlinux, other);
    const sections = execFileSync("readelf", ["-SW", other], { encoding: "utf8" });
    const file = openSync(other, "r+");
    for (const name of [".text", ".init.text", ".notes"]) {
      const match = new RegExp(`\\] \\${name} +\\S+ +\\S+ (\\S+) (\\S+)`).exec(sections);
      if (match === null) throw new Error(`${kernel.vmlinux} has no ${name}`);
      const [offset, size] = match.slice(1).map((text) => Number.parseInt(text, 16));
      const bytes = Buffer.alloc(size);
      readSync(file, bytes, 0, size, offset);
      // The names of the notes stay; of the build-id, the last of its 20 bytes changes.
      if (name === ".notes")
        bytes.writeUInt8(bytes.readUInt8(bytes.indexOf("GNU\0") + 23) ^ 1, bytes.indexOf("GNU\0") + 23);
      else bytes.forEach((byte, at) => (bytes[at] = byte ^ 0x5a));
      writeSync(file, bytes, 0, size, offset);
    }
    return other;
  }

  it("of another kernel gives no names, and the message says why", () => {
    const { code, stderr } = bootscope("functions", trace, "--vmlinux", anotherKernel(), "--limit", "3", "--json");
    expect(stderr).toMatch(/does not belong to this trace/);
    expect(code).toBe(2);
  });

  it.each([
    ["that is a program without symbols", () => "/bin/busybox"],
    ["that is not there", () => path.join(folder, "no vmlinux")],
  ])("%s is refused by name", (_, file) => {
    const result = bootscope("functions", trace, "--vmlinux", file(), "--json");
    expectRefusal(result, new RegExp(path.basename(file())));
  });

  it("that is the compressed image gives names, and no sources", () => {
    const { code, stdout } = bootscope("functions", trace, "--vmlinux", kernel.vmlinuz, "--json");
    expect(code).toBe(0);
    const { functions } = JSON.parse(stdout) as { functions: { name: string; file: string | null }[] };
    expect(functions.map(({ name }) => name)).toContain("start_kernel");
    expect(functions.filter(({ file }) => file !== null)).toEqual([]);
  });

  it("that nobody named leaves addresses without names, and totals whole", () => {
    const alone = path.join(folder, "alone");
    mkdirSync(alone);
    copyFileSync(trace, path.join(alone, "boot.bst"));
    const { code, stdout } = bootscope("functions", path.join(alone, "boot.bst"), "--json");
    expect(code).toBe(0);
    const { totals } = JSON.parse(stdout) as { totals: { executions: number } };
    expect(totals.executions).toBe(info(trace).executions);
  });
});

describe("a recording", () => {
  it("goes to a path with spaces and letters beyond ASCII", () => {
    const output = path.join(folder, "böot träce 1.bst");
    const input = ["--kernel", kernel.vmlinuz, "--initrd", kernel.initrd];
    const result = bootscope("record", ...input, "--preset", "fast", "--timeout", "2", "-o", output);
    expect(result.code, result.stderr).toBe(0);
    expect(info(output).executions).toBeGreaterThan(1_000_000);
  });

  it("into a folder that cannot be written is refused before QEMU starts", () => {
    // Root may write anywhere but into the kernel's own files.
    let output = "/sys/kernel/boot.bst";
    if (process.getuid?.() !== 0) {
      const readOnly = path.join(folder, "read-only");
      mkdirSync(readOnly, { mode: 0o555 });
      output = path.join(readOnly, "boot.bst");
    }
    const input = ["--kernel", kernel.vmlinuz, "--initrd", kernel.initrd];
    expectRefusal(bootscope("record", ...input, "-o", output), /cannot be written/);
  });

  it("of a file that is no kernel is refused by name", () => {
    const fake = path.join(folder, "no kernel");
    writeFileSync(fake, "not a kernel\n".repeat(1000));
    const result = bootscope("record", "--kernel", fake, "-o", path.join(folder, "never.bst"));
    expectRefusal(result, /no kernel/);
  });
});
