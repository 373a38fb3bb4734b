/** Small .bst files for tests, written by the real writer. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import type { BlockRecord } from "../../src/trace/blocks";
import { openTraceFile } from "../../src/trace/reader";
import type { SwitchRecord } from "../../src/trace/switches";
import type { TraceFile, TraceMetadata } from "../../src/trace/types";
import { TraceWriter } from "../../src/trace/writer";

/** One execution: the block's number, and when it began (default: one nanosecond after the one before). */
export type TestExecution = number | { readonly block: number; readonly time: number };

export interface TestSwitch extends Omit<SwitchRecord, "execution" | "vcpu"> {
  readonly vcpu?: number;
  /** Takes place before this execution of its vCPU. */
  readonly execution: number;
}

export interface TestTrace {
  readonly metadata?: TraceMetadata;
  /** Block numbers are positions. */
  readonly blocks: readonly BlockRecord[];
  /** What each vCPU executed, in order. */
  readonly vcpus: readonly (readonly TestExecution[])[];
  readonly switches?: readonly TestSwitch[];
  /** When the trace ends; default: one nanosecond after the last execution. */
  readonly endTime?: number;
  /** Size at which an execution chunk is full; small ones make several chunks. */
  readonly payloadBytes?: number;
}

/** Writes the trace to `file`. */
export async function writeTrace(file: string, trace: TestTrace): Promise<void> {
  const writer = await TraceWriter.create(file, trace.payloadBytes);
  writer.addMetadata({
    vcpus: trace.vcpus.length,
    instructionsCounted: true,
    clock: { kind: "host" },
    ...trace.metadata,
  });
  for (const block of trace.blocks) writer.addBlock(block);
  let latest = 0;
  trace.vcpus.forEach((executions, vcpu) => {
    const stream = writer.stream(vcpu);
    const switches = (trace.switches ?? []).filter((item) => (item.vcpu ?? 0) === vcpu);
    let time = 0;
    executions.forEach((execution, index) => {
      if (typeof execution === "object") time = execution.time;
      for (const item of switches.filter((candidate) => candidate.execution === index)) {
        stream.taskSwitch(writer.addSwitch({ ...item, vcpu }), time);
      }
      const block = typeof execution === "object" ? execution.block : execution;
      const { instructions, instructionLengths } = trace.blocks[block];
      stream.execute(block, instructionLengths?.length ?? instructions ?? 0, time);
      time++;
    });
    latest = Math.max(latest, time);
  });
  await writer.finish(trace.endTime ?? latest, "exit");
}

/** A path in a fresh folder that is removed when the running test ends. */
export async function temporaryFile(name = "trace.bst"): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "bootscope test é "));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return path.join(folder, name);
}

/** Writes the trace to a temporary file; answers its path. */
export async function buildTraceFile(trace: TestTrace): Promise<string> {
  const file = await temporaryFile();
  await writeTrace(file, trace);
  return file;
}

/** Writes the trace and opens it. */
export const buildTrace = async (trace: TestTrace): Promise<TraceFile> => openTraceFile(await buildTraceFile(trace));
