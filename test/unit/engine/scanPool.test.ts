/** The pool of scanning threads, with threads that do as the chunk's offset says instead of scanning. */
import { writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { threadPool, type ScanPool } from "../../../src/engine/scanPool";
import type { ScanTask } from "../../../src/engine/scanTask";
import type { ExecutionChunk } from "../../../src/trace/types";
import { temporaryFile } from "../../support/buildTrace";

const dies = -1;
const fails = -2;

async function pool(width: number): Promise<ScanPool> {
  const worker = await temporaryFile("worker.cjs");
  await writeFile(
    worker,
    `const { parentPort } = require("node:worker_threads");
    parentPort.on("message", ({ chunk: { offset } }) => {
      if (offset === ${dies}) process.exit(3);
      parentPort.postMessage(offset === ${fails} ? { error: "no such file" } : { result: { outcome: offset } });
    });`,
  );
  return threadPool(worker, width);
}

const task = (offset: number): ScanTask => ({
  trace: 1,
  path: "",
  blocks: { instructions: new Uint16Array(0), clock: "host" },
  chunk: { offset } as unknown as ExecutionChunk,
  edges: new Float64Array(0),
});

const numbers = Array.from({ length: 20 }, (_, index) => index);

it("answers each request with its own result", async () => {
  const threads = await pool(3);
  const results = await Promise.all(numbers.map((number) => threads.scan(task(number))));
  expect(results.map(({ outcome }) => outcome)).toEqual(numbers);
  await expect(threads.scan(task(fails))).rejects.toMatchObject({ code: "unreadable" });
  threads.dispose();
});

it("loses with a thread only what that thread was given, and goes on with another", async () => {
  const threads = await pool(2);
  const asked = [dies, ...numbers].map((number) => threads.scan(task(number)));
  const settled = await Promise.allSettled(asked);
  const lost = settled.filter(({ status }) => status === "rejected").length;
  expect(settled[0]).toMatchObject({ status: "rejected", reason: { code: "internal" } });
  expect(lost).toBeLessThanOrEqual(threads.room / threads.width);
  const { outcome } = await threads.scan(task(7));
  expect(outcome).toBe(7);
  threads.dispose();
});

it("takes urgent requests before those that wait, and none that were cancelled", async () => {
  const threads = await pool(1);
  const order: string[] = [];
  const waiting = numbers.map((number) => threads.scan(task(number)).then(() => order.push("waiting")));
  const urgent = threads.scan(task(100), { urgent: true }).then(() => order.push("urgent"));
  const cancelled = threads.scan(task(101), { signal: AbortSignal.abort() });
  await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
  await Promise.all([...waiting, urgent]);
  expect(order.indexOf("urgent")).toBe(threads.room);
  threads.dispose();
});

it("rejects what waits when it is closed", async () => {
  const threads = await pool(1);
  const asked = numbers.map((number) => threads.scan(task(number)));
  threads.dispose();
  const settled = await Promise.allSettled([...asked, threads.scan(task(0))]);
  for (const one of settled) expect(one).toMatchObject({ status: "rejected", reason: { code: "cancelled" } });
});
