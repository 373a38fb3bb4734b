/** The command line of a recorded boot. */
import type { Target } from "./kernelImage";

export type Preset = "deterministic" | "fast";
export const presets: readonly Preset[] = ["deterministic", "fast"];

/**
 * The deterministic preset: the guest's clock follows from the instructions executed (one is 2^1 ns), idle time is skipped,
 * and date and random seed are the same in every run. The guest cannot tell that it is recorded.
 */
export const icountShift = 1;
const deterministicArguments = [
  ...["-icount", `shift=${icountShift},sleep=off`],
  ...["-rtc", "base=2024-01-01T00:00:00,clock=vm"],
  ...["-seed", "42"],
  ...["-smp", "1"],
];

interface Machine {
  readonly arguments: readonly string[];
  /** The kernel's name of the first serial port. */
  readonly console: string;
}
const machines: Readonly<Record<Target, Machine>> = {
  x86_64: { arguments: [], console: "ttyS0" },
  i386: { arguments: [], console: "ttyS0" },
  aarch64: { arguments: ["-M", "virt", "-cpu", "max"], console: "ttyAMA0" },
  arm: { arguments: ["-M", "virt"], console: "ttyAMA0" },
  riscv64: { arguments: ["-M", "virt"], console: "ttyS0" },
};

/** Where task_struct has its fields, in bytes. */
export interface TaskLayout {
  readonly pid?: number;
  readonly tgid?: number;
  readonly comm?: number;
}

export interface BootCommand {
  readonly target: Target;
  readonly kernel: string;
  readonly initrd: string;
  /** The kernel's command line; undefined: a console on the first serial port, no KASLR, no reboot after a panic. */
  readonly append: string | undefined;
  /** As for `-m`. */
  readonly memory: string;
  readonly preset: Preset;
  /** QEMU's release, as `--version` says: "7.2.22". */
  readonly qemuVersion: string;
  /** The recorder's shared object, and the trace it writes. */
  readonly recorder: string;
  readonly output: string;
  readonly taskLayout: TaskLayout;
  /** The process that QEMU must not outlive. */
  readonly parent: number;
  /** List of QEMU's own trace events, and the log for them. */
  readonly events: { readonly list: string; readonly log: string } | undefined;
  /** Arguments of the user, last, so that they win. */
  readonly extraArguments: readonly string[];
}

export const defaultAppend = (target: Target): string => `console=${machines[target].console} nokaslr panic=-1`;

/** A value inside `name=value,…`: QEMU splits at commas unless they are doubled (qemu-option.c). */
const optionValue = (value: string): string => value.replaceAll(",", ",,");

/** Plugin arguments are `name=value` since QEMU 6.2; before, each had to be wrapped in `arg=`. */
const wrapsPluginArguments = (version: string): boolean => /^6\.[01]\b/.test(version);

/** QEMU's arguments for a boot. */
export function bootArguments(command: BootCommand): string[] {
  const { target, taskLayout, events } = command;
  const wrapping = wrapsPluginArguments(command.qemuVersion) ? "arg=" : "";
  const plugin = [
    `file=${optionValue(command.recorder)}`,
    ...Object.entries({ out: optionValue(command.output), parent: command.parent, ...taskLayout }).map(
      ([name, value]) => `${wrapping}${name}=${value}`,
    ),
  ];
  return [
    ...["-accel", "tcg"],
    ...machines[target].arguments,
    ...["-m", command.memory],
    ...["-nographic", "-no-reboot", "-nic", "none"],
    ...(command.preset === "deterministic" ? deterministicArguments : []),
    ...["-kernel", command.kernel, "-initrd", command.initrd, "-append", command.append ?? defaultAppend(target)],
    ...["-plugin", plugin.join(",")],
    ...(events === undefined ? [] : ["-trace", `events=${optionValue(events.list)}`, "-D", events.log]),
    ...command.extraArguments,
  ];
}
