/** `bootscope record`: boots a kernel under QEMU and records what it executes. */
import { isatty } from "node:tty";
import path from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { BootscopeError, toFailure } from "../protocol/failure";
import { formatCount } from "../protocol/format";
import { presets, type Preset } from "../qemu/commandLine";
import { record, type RecordOptions, type RecordResult } from "../qemu/record";
import { findRecorderSources } from "../qemu/recorderBuild";
import { recordingPath } from "../qemu/recordingPath";
import { tellFailure } from "./failures";
import { writeRecordReport, type RecordOutcome } from "../qemu/recordReport";

interface Flags {
  readonly kernel?: string;
  readonly initrd?: string;
  readonly append?: string;
  readonly qemu?: string;
  readonly preset: Preset;
  readonly memory: string;
  readonly vmlinux?: string;
  readonly events?: string;
  readonly timeout?: number;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly report?: string;
  readonly output: string;
}

/** Exit codes of the command. */
const badInput = 2;
const recordingFailed = 3;

/** Failures of the input: nothing was wrong with the recording itself. */
const inputFailures: readonly string[] = [
  "no-kernel",
  "not-found",
  "unreadable",
  "unwritable",
  "no-symbols",
  "damaged",
  "unsupported",
];

export function recordCommand(): Command {
  return new Command("record")
    .description("Boot a kernel under QEMU and record every block that it executes.")
    .option("--kernel <file>", "kernel image: bzImage, Image, Image.gz, zImage or vmlinux")
    .option("--initrd <file>", "initial RAM disk (default: a minimal busybox one, made here)")
    .option("--append <text>", 'kernel command line (default: "console=… nokaslr panic=-1")')
    .option("--qemu <program>", "QEMU (default: qemu-system-… for the kernel, on the PATH)")
    .addOption(
      new Option("--preset <name>", "deterministic: the same in every run; fast: real time")
        .choices(presets)
        .default("deterministic"),
    )
    .option("--memory <size>", "guest memory, as for QEMU's -m", parseMemory, "512M")
    .option("--vmlinux <file>", "vmlinux of the kernel: tells where tasks keep their pid and name")
    .option("--events <list>", "log these trace events of QEMU beside the trace (a file with one event per line)")
    .option("--timeout <seconds>", "end the guest after this time; the trace is valid", parseSeconds)
    .option("--force", "replace an existing trace")
    .option("--json", "print the result as JSON; the guest's console goes to standard error")
    .option("--report <file>", "write to this file what the recording does and how it ended")
    .requiredOption("-o, --output <file>", "the trace; in a folder (FOLDER/) a name is made from the time")
    .argument("[arguments...]", "after --: more arguments for QEMU")
    .action(run);
}

function parseMemory(text: string): string {
  if (!/^\d+[kKmMgG]?$/.test(text)) throw new InvalidArgumentError("Use a number with M or G behind it, like 512M.");
  return text;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds < 1e6)) throw new InvalidArgumentError("Use a number of seconds above 0.");
  return seconds;
}

async function run(extraArguments: string[], flags: Flags): Promise<void> {
  const stop = new AbortController();
  const forwarded = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const onSignal = (): void => stop.abort();
  for (const name of forwarded) process.on(name, onSignal);
  const terminal = rememberTerminal();
  let outcome: RecordOutcome;
  try {
    const options = await optionsOf(extraArguments, flags);
    outcome = await recordWithReport(options, flags, stop.signal);
  } catch (error) {
    outcome = failedOutcome(error);
  } finally {
    terminal.restore();
    for (const name of forwarded) process.removeListener(name, onSignal);
  }
  await tell(outcome, flags);
}

async function optionsOf(extraArguments: readonly string[], flags: Flags): Promise<RecordOptions> {
  if (flags.kernel === undefined) {
    throw new BootscopeError("no-kernel", "No kernel was given.", "Name one: --kernel arch/x86/boot/bzImage");
  }
  const absolute = (file: string | undefined): string | undefined => (file === undefined ? file : path.resolve(file));
  return {
    kernel: path.resolve(flags.kernel),
    initrd: absolute(flags.initrd),
    append: flags.append,
    qemu: flags.qemu,
    preset: flags.preset,
    memory: flags.memory,
    vmlinux: absolute(flags.vmlinux),
    events: absolute(flags.events),
    timeoutMs: flags.timeout === undefined ? undefined : flags.timeout * 1000,
    output: await recordingPath(flags.output),
    overwrite: flags.force === true,
    extraArguments,
    recorderSources: findRecorderSources(__dirname),
    // Without a terminal nobody types, and a pipe that is never read would hold the guest up.
    consoleInput: isatty(0) ? 0 : "ignore",
    consoleOutput: flags.json === true ? 2 : 1,
  };
}

async function recordWithReport(options: RecordOptions, flags: Flags, stop: AbortSignal): Promise<RecordOutcome> {
  let started: Promise<void> = Promise.resolve();
  const listener = {
    onMessage: (text: string) => process.stderr.write(`${text}\n`),
    onErrorOutput: (bytes: Uint8Array) => process.stderr.write(bytes),
    onStart: ({ trace, eventLog }: { trace: string; eventLog: string | null }) => {
      if (flags.report === undefined) return;
      started = writeRecordReport(flags.report, { state: "recording", trace, pid: process.pid, eventLog });
      // Awaited below; until then its failure is nobody's unhandled rejection.
      started.catch(() => undefined);
    },
  };
  let result: RecordResult;
  try {
    result = await record(options, listener, stop);
  } finally {
    await started;
  }
  const { reason, executions, incomplete, eventLog } = result;
  return { state: "ended", ok: true, trace: result.path, reason, failure: null, executions, incomplete, eventLog };
}

function failedOutcome(error: unknown): RecordOutcome {
  const failure = toFailure(error);
  return {
    state: "ended",
    ok: false,
    trace: null,
    reason: null,
    failure,
    executions: 0,
    incomplete: null,
    eventLog: null,
  };
}

/** Says how it ended: to the report, to standard output (JSON) or to the person, and by the exit code. */
async function tell(outcome: RecordOutcome, flags: Flags): Promise<void> {
  if (flags.report !== undefined) await writeRecordReport(flags.report, outcome);
  if (flags.json === true) process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`);
  const { failure, trace, reason, executions, incomplete } = outcome;
  if (failure !== null) {
    tellFailure(failure);
    process.exitCode = inputFailures.includes(failure.code) ? badInput : recordingFailed;
    return;
  }
  const why = { "guest-exit": "", timeout: " (ended at the timeout)", cancelled: " (cancelled)" }[
    reason ?? "guest-exit"
  ];
  process.stderr.write(`Recorded ${formatCount(executions)} executions into ${String(trace)}${why}\n`);
  if (incomplete !== null) process.stderr.write(`bootscope: The trace is incomplete. ${incomplete}\n`);
  if (reason === "cancelled" || incomplete !== null) process.exitCode = recordingFailed;
}

/** QEMU puts the terminal into raw mode; if it is killed, nobody else would put it back. */
function rememberTerminal(): { restore: () => void } {
  const { stdin } = process;
  if (!isatty(0) || !stdin.isTTY) return { restore: () => undefined };
  const toggle = (): void => {
    stdin.setRawMode(true);
    stdin.setRawMode(false);
  };
  toggle();
  return { restore: toggle };
}
