/** One recording from beginning to end: a guest booted under the recorder into a trace file. */
import { open, rm, stat } from "node:fs/promises";
import path from "node:path";
import { BootscopeError } from "../protocol/failure";
import { openTraceFile } from "../trace/reader";
import { bootArguments, icountShift, type Preset } from "./commandLine";
import { busyboxInitrd } from "./initrd";
import { kernelTarget } from "./kernelImage";
import { readLiveCounters } from "./liveCounters";
import { probeQemu, type Qemu } from "./probe";
import { ProcessTree, type Exit } from "./processTree";
import { buildRecorder } from "./recorderBuild";
import { readTaskLayout } from "./taskLayout";
import { TextTail } from "./textTail";

export interface RecordOptions {
  readonly kernel: string;
  /** Undefined: a busybox one is made. */
  readonly initrd?: string | undefined;
  /** Undefined: a console on the first serial port, no KASLR. */
  readonly append?: string | undefined;
  /** Path or name of the QEMU; undefined: the one for the kernel on the PATH. */
  readonly qemu?: string | undefined;
  readonly preset: Preset;
  /** As for QEMU's `-m`. */
  readonly memory: string;
  /** Tells where tasks keep their pid and name. */
  readonly vmlinux?: string | undefined;
  /** List of QEMU's own trace events to log beside the trace. */
  readonly events?: string | undefined;
  readonly timeoutMs?: number | undefined;
  /** The trace file. An existing one is replaced only with `overwrite`. */
  readonly output: string;
  readonly overwrite: boolean;
  readonly extraArguments: readonly string[];
  /** The folder `recorder/` (see `findRecorderSources`). */
  readonly recorderSources: string;
  /** File descriptors of the guest's console; "ignore" closes it. */
  readonly consoleInput: number | "ignore";
  readonly consoleOutput: number | "ignore";
}

export interface RecordListener {
  /** What is being prepared, one line at a time. */
  readonly onMessage?: (text: string) => void;
  /** QEMU runs. */
  readonly onStart?: (recording: { readonly trace: string; readonly eventLog: string | null }) => void;
  /** QEMU's error output, as it comes. */
  readonly onErrorOutput?: (bytes: Uint8Array) => void;
}

export interface RecordResult {
  readonly path: string;
  readonly reason: "guest-exit" | "cancelled" | "timeout";
  readonly executions: number;
  /** Why the recorder stopped before the guest did, e.g. because the disk was full; null: it did not. */
  readonly incomplete: string | null;
  readonly fileBytes: number;
  readonly elapsedMs: number;
  readonly eventLog: string | null;
  readonly qemu: Qemu;
}

/**
 * Boots the guest and records it until it ends, the time is up, or the signal fires; the trace is valid in each case. No
 * process is left behind.
 * @throws BootscopeError `no-kernel`, `no-qemu`, `no-plugin-support`, `no-compiler`, `not-found`, `unwritable`,
 *         `qemu-failed` (with QEMU's own words), `cancelled` (before QEMU ran)
 */
export async function record(
  options: RecordOptions,
  listener: RecordListener = {},
  signal?: AbortSignal,
): Promise<RecordResult> {
  const prepared = await prepare(options, listener, signal);
  const { qemu, args } = prepared;
  await claimOutput(options.output, options.overwrite);
  const start = performance.now();
  const errors = new TextTail();
  const tree = new ProcessTree(qemu.path, args, {
    stdio: [options.consoleInput, options.consoleOutput, "pipe"],
    env: { ...process.env, BOOTSCOPE_METADATA: JSON.stringify(metadataOf(options, qemu)) },
  });
  tree.child.stderr?.on("data", (bytes: Buffer) => {
    errors.add(bytes);
    listener.onErrorOutput?.(bytes);
  });
  listener.onStart?.({ trace: options.output, eventLog: prepared.eventLog });
  const { exit, stopped } = await runToEnd(tree, options.timeoutMs, signal);

  const counters = await readLiveCounters(options.output);
  const failed = stopped === null && (exit.code !== 0 || counters === undefined);
  if (counters === undefined || counters.executions === 0) await rm(options.output, { force: true });
  if (failed || counters === undefined) throw failureOf(exit, errors.text(), stopped);
  return {
    path: options.output,
    reason: stopped ?? "guest-exit",
    executions: counters.executions,
    incomplete: counters.executions === 0 ? null : await incompleteReason(options.output),
    fileBytes: counters.fileBytes,
    elapsedMs: performance.now() - start,
    eventLog: prepared.eventLog,
    qemu,
  };
}

/** What the recorder wrote into the trace about its own early end. */
async function incompleteReason(trace: string): Promise<string | null> {
  const { capture } = (await openTraceFile(trace)).metadata;
  return capture?.mode === "incomplete" ? (capture.reasons ?? []).join(" ") : null;
}

interface Prepared {
  readonly qemu: Qemu;
  readonly args: string[];
  readonly eventLog: string | null;
}

/** Everything that QEMU needs before it can run. */
async function prepare(
  options: RecordOptions,
  { onMessage }: RecordListener,
  signal: AbortSignal | undefined,
): Promise<Prepared> {
  const target = await kernelTarget(options.kernel);
  const [qemu, taskLayout] = await Promise.all([
    probeQemu(options.qemu, target),
    options.vmlinux === undefined ? {} : readTaskLayout(options.vmlinux),
  ]);
  signal?.throwIfAborted();
  const recorder = await buildRecorder(options.recorderSources, qemu.pluginApi, signal);
  if (options.initrd !== undefined) await checkReadable(options.initrd, "initial RAM disk");
  if (options.events !== undefined) await checkReadable(options.events, "event list");
  const initrd = options.initrd ?? (await busyboxInitrd(target));
  if (options.initrd === undefined) onMessage?.(`Initial RAM disk: a busybox one, made here (${initrd}).`);
  signal?.throwIfAborted();
  const eventLog = options.events === undefined ? null : eventLogOf(options.output);
  const args = bootArguments({
    target,
    kernel: options.kernel,
    initrd,
    append: options.append,
    memory: options.memory,
    preset: options.preset,
    qemuVersion: qemu.version,
    recorder,
    output: options.output,
    taskLayout,
    parent: process.pid,
    events: options.events === undefined || eventLog === null ? undefined : { list: options.events, log: eventLog },
    extraArguments: options.extraArguments,
  });
  onMessage?.(`QEMU ${qemu.version}: ${[qemu.path, ...args].map(shown).join(" ")}`);
  return { qemu, args, eventLog };
}

/** An argument as a person would type it. */
const shown = (argument: string): string =>
  /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;

/** `boot.bst` → `boot.events.log`. QEMU takes a "%" in the name of its log for a place to put its process number. */
function eventLogOf(output: string): string {
  const log = `${output.replace(/\.bst$/, "")}.events.log`;
  if (log.includes("%")) {
    throw new BootscopeError("unsupported", `QEMU cannot log trace events to ${log}.`, 'Choose a path without "%".');
  }
  return log;
}

async function checkReadable(file: string, what: string): Promise<void> {
  try {
    if (!(await stat(file)).isFile()) throw new Error("it is not a file");
  } catch (cause) {
    const message = `The ${what} ${file} cannot be read: ${(cause as Error).message}`;
    throw new BootscopeError("not-found", message, "Check the path.", { cause });
  }
}

/** Makes the file that the recorder will fill, so that a folder that cannot be written to is known before QEMU runs. */
async function claimOutput(output: string, overwrite: boolean): Promise<void> {
  try {
    await (await open(output, overwrite ? "w" : "wx")).close();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST") {
      throw new BootscopeError("unwritable", `${output} exists already.`, "Choose another name, or use --force.");
    }
    const folder = path.dirname(output);
    const known: Partial<Record<string, string>> = {
      ENOENT: `there is no folder ${folder}`,
      EROFS: `${folder} can only be read`,
      EACCES: `you may not write into ${folder}`,
      ENOSPC: "the disk is full",
    };
    const reason = known[code ?? ""] ?? code ?? "unknown error";
    throw new BootscopeError("unwritable", `${output} cannot be written: ${reason}.`, "Choose another folder.", {
      cause,
    });
  }
}

/** What only the program that starts QEMU knows of a recording (docs/trace-format.md, "Metadata"). */
function metadataOf(options: RecordOptions, qemu: Qemu): object {
  const deterministic = options.preset === "deterministic";
  return {
    qemu: { version: qemu.version },
    capture: { deterministic },
    ...(deterministic && { icountShift }),
    kernel: { path: options.kernel },
  };
}

/** Waits for the guest's end, or brings it about. */
async function runToEnd(
  tree: ProcessTree,
  timeoutMs: number | undefined,
  signal: AbortSignal | undefined,
): Promise<{ exit: Exit; stopped: "cancelled" | "timeout" | null }> {
  const cancelled = AbortSignal.any([
    ...(signal === undefined ? [] : [signal]),
    ...(timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)]),
  ]);
  let stopped: "cancelled" | "timeout" | null = null;
  const stop = (): void => {
    stopped = signal?.aborted === true ? "cancelled" : "timeout";
    void tree.end();
  };
  if (cancelled.aborted) stop();
  cancelled.addEventListener("abort", stop, { once: true });
  try {
    const exit = await tree.exited;
    return { exit, stopped };
  } finally {
    cancelled.removeEventListener("abort", stop);
    await tree.end();
  }
}

/** The failure that QEMU's end means, in QEMU's own words where it has any. */
function failureOf(exit: Exit, errors: string, stopped: string | null): BootscopeError {
  if (stopped === "cancelled") return new BootscopeError("cancelled", "Cancelled before the guest ran.");
  const how = exit.signal === null ? `exit code ${String(exit.code)}` : exit.signal;
  const words = errors.trim();
  return new BootscopeError(
    "qemu-failed",
    words === "" ? `QEMU ended with ${how} and said nothing.` : `QEMU ended with ${how}: ${words}`,
    "Check the arguments given to QEMU.",
  );
}
