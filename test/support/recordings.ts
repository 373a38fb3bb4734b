/** Boots for tests of the recorder: the same command line with and without it. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { bootArguments, type BootCommand, type Preset } from "../../src/qemu/commandLine";
import type { Target } from "../../src/qemu/kernelImage";
import { ProcessTree } from "../../src/qemu/processTree";
import { buildRecorder, findRecorderSources } from "../../src/qemu/recorderBuild";

export interface TestBoot {
  /** x86_64 by default. */
  readonly target?: Target;
  readonly qemu: string;
  readonly pluginApi: number;
  readonly kernel: string;
  readonly initrd: string;
  readonly preset: Preset;
  /** Decides how the recorder's arguments are written. */
  readonly qemuVersion?: string;
  /** More arguments for QEMU. */
  readonly extra?: readonly string[];
  readonly taskLayout?: BootCommand["taskLayout"];
}

/** QEMU's arguments for a recorded boot whose console goes to a file. */
export async function recordedArguments(boot: TestBoot, output: string, console: string): Promise<string[]> {
  return bootArguments({
    target: boot.target ?? "x86_64",
    kernel: boot.kernel,
    initrd: boot.initrd,
    append: undefined,
    memory: "512M",
    preset: boot.preset,
    qemuVersion: boot.qemuVersion ?? "7.2",
    recorder: await buildRecorder(findRecorderSources(__dirname), boot.pluginApi),
    output,
    taskLayout: boot.taskLayout ?? {},
    parent: process.pid,
    events: undefined,
    extraArguments: ["-serial", `file:${console}`, "-monitor", "none", ...(boot.extra ?? [])],
  });
}

/** The same arguments without the recorder. */
export function withoutRecorder(args: readonly string[]): string[] {
  return withoutOptions(args, ["-plugin"]);
}

/** The same arguments without these options and what follows them. */
export const withoutOptions = (args: readonly string[], options: readonly string[]): string[] =>
  args.filter((argument, index) => !options.includes(argument) && (index === 0 || !options.includes(args[index - 1])));

/** Runs QEMU to its end. Rejects with its error output when it fails. */
export async function runQemu(qemu: string, args: readonly string[], errors: string): Promise<void> {
  const file = openSync(errors, "w");
  try {
    const tree = new ProcessTree(qemu, args, { stdio: ["ignore", "ignore", file], env: process.env });
    const { code, signal } = await tree.exited;
    if (code !== 0) throw new Error(`${qemu} ended with ${String(code ?? signal)}: see ${errors}`);
  } finally {
    closeSync(file);
  }
}

/** Feeds QEMU's error output, where `-d` logs go without `-D`, to `take` until that answers false. */
export function readQemuLog(qemu: string, args: readonly string[], take: (bytes: Buffer) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(qemu, args, { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.on("data", (bytes: Buffer) => {
      try {
        if (!take(bytes)) child.kill("SIGKILL");
      } catch (error) {
        child.kill("SIGKILL");
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    child.once("error", reject);
    child.once("close", () => resolve());
  });
}
