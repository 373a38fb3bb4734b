/**
 * The long proof of the recorder (`npm run prove:recorder`): the early part of a real boot, block by block and function by
 * function against QEMU's own log. BOOTSCOPE_PROOF_BLOCKS says how many executions (30 million); docs/recorder.md keeps results.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensureDebianQemu } from "../../scripts/environment/debianQemu.mjs";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { compareFunctions } from "../support/compareFunctions";
import { compareWithExecLog } from "../support/lockstep";
import { recordedArguments, runQemu, withoutRecorder } from "../support/recordings";

const limit = Number(process.env["BOOTSCOPE_PROOF_BLOCKS"] ?? 30_000_000);
const qemu = "qemu-system-x86_64";
let folder: string;
let kernel: Awaited<ReturnType<typeof ensureKernel>>;

beforeAll(async () => {
  await ensurePackages(["qemu-system-x86", "gcc", "libc6-dev", "busybox-static", "binutils"]);
  kernel = await ensureKernel();
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-proof-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  // With its decompressor, as people boot it; and the ELF file, whose first blocks are already kernel functions.
  ["bzImage", () => kernel.vmlinuz],
  ["vmlinux", () => kernel.vmlinux],
])("a boot of the %s executes what QEMU's log says", { timeout: 7_200_000 }, async (name, image) => {
  const trace = path.join(folder, `${name}.bst`);
  const args = await recordedArguments(
    { qemu, pluginApi: 1, kernel: image(), initrd: kernel.initrd, preset: "deterministic" },
    trace,
    path.join(folder, `${name}.txt`),
  );
  await runQemu(qemu, args, path.join(folder, `${name}.err`));
  const result = await compareWithExecLog(trace, qemu, withoutRecorder(args), limit);
  const { compared, recordedPieces, loggedPieces, mismatch, stopped, rewound } = result;
  const { functions, different } = await compareFunctions(kernel.vmlinux, result);
  console.log({ name, compared, recordedPieces, loggedPieces, mismatch, stopped, rewound, functions, different });
  expect(mismatch).toBeNull();
  expect(compared).toBe(limit);
  expect(recordedPieces + loggedPieces).toBeLessThan(compared / 1000);
  expect(different).toEqual([]);
});

it(
  "hardly any block is left early: QEMU 11.1 tells of each exception and interrupt",
  { timeout: 600_000 },
  async () => {
    const plugin = path.join(folder, "earlyExits.so");
    const code = path.join(import.meta.dirname, "../support/earlyExits.c");
    execFileSync("gcc", ["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-fvisibility=hidden", "-o", plugin, code]);
    const newer = await ensureDebianQemu("11.1");
    const settings = { qemu: newer, pluginApi: 7, kernel: kernel.vmlinuz, initrd: kernel.initrd } as const;
    const args = await recordedArguments(
      { ...settings, preset: "deterministic" },
      path.join(folder, "early.bst"),
      path.join(folder, "early.txt"),
    );
    const errors = path.join(folder, "early.err");
    await runQemu(newer, [...withoutRecorder(args), "-plugin", plugin], errors);
    const counts = JSON.parse(/^\{.*\}$/m.exec(readFileSync(errors, "utf8"))?.[0] ?? "{}") as Record<string, number>;
    console.log(counts);
    expect(counts["leftEarly"]).toBeGreaterThan(0);
    expect(counts["notExecuted"] / counts["instructions"]).toBeLessThan(1e-5);
  },
);
