import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { EngineClient } from "../../../src/engine/client";
import type { EngineNotice, FunctionsQuery, TraceHandle } from "../../../src/protocol/engine";
import { buildBundles, type Bundles } from "../../support/bundles";
import { buildTraceFile, temporaryFile } from "../../support/buildTrace";

let bundles: Bundles;
beforeAll(async () => {
  bundles = await buildBundles();
});
afterAll(() => bundles.remove());

function startClient(): EngineClient {
  const client = new EngineClient({ enginePath: bundles.engine });
  onTestFinished(() => client.dispose());
  return client;
}

const smallTrace = (): Promise<string> =>
  buildTraceFile({
    metadata: { target: "x86_64", capture: { mode: "complete" } },
    blocks: [
      { address: 0xffff_fff0n, instructions: 1 },
      { address: 0xffff_ffff_8100_0000n, instructions: 5 },
    ],
    vcpus: [[0, 1, 1, 1]],
  });

const everything = (trace: TraceHandle): FunctionsQuery => ({
  trace,
  range: null,
  sort: "executions",
  descending: true,
  filter: "",
  metric: "executions",
  offset: 0,
  limit: 100,
});

async function open(client: EngineClient, file: string): Promise<TraceHandle> {
  const cacheFolder = path.join(path.dirname(file), "cache");
  const { trace } = await client.request("open", { path: file, vmlinux: [], cacheFolder });
  await client.request("settled", { trace });
  return trace;
}

describe("the engine process", () => {
  it("reads a trace with its threads and answers in columns", async () => {
    const client = startClient();
    const notices: EngineNotice["kind"][] = [];
    client.onNotice(({ kind }) => notices.push(kind));
    const trace = await open(client, await smallTrace());
    const page = await client.request("functions", everything(trace));
    expect(page.name).toEqual(["[kernel ffffffff81000000]", "[firmware]"]);
    expect(page.executions).toEqual(Float64Array.of(3, 1));
    expect(page.address).toEqual(BigUint64Array.of(0xffff_ffff_8100_0000n, 0xffff_fff0n));
    expect(page.traceTotals).toEqual({ executions: 4, instructions: 16, time: 4 });
    expect(notices).toContain("changed");
    expect(notices).toContain("progress");
  });

  it("fails a request with code, message and advice, and goes on", async () => {
    const client = startClient();
    const file = await temporaryFile("garbage.bst");
    await writeFile(file, Buffer.alloc(4096, 0x5a));
    const opening = client.request("open", { path: file, vmlinux: [], cacheFolder: path.dirname(file) });
    await expect(opening).rejects.toMatchObject({
      code: "not-a-trace",
      message: expect.stringContaining("garbage.bst") as string,
    });
    await expect(client.request("summary", { trace: 99 as TraceHandle })).rejects.toMatchObject({ code: "not-found" });
    await expect(client.request("nonsense" as "summary", { trace: 1 as TraceHandle })).rejects.toMatchObject({
      code: "unsupported",
    });
    await expect(client.request("functions", null as unknown as FunctionsQuery)).rejects.toMatchObject({
      code: "internal",
    });
    await expect(open(client, await smallTrace())).resolves.toBeTypeOf("number");
  });

  it("cancels", async () => {
    const client = startClient();
    const file = await smallTrace();
    const aborted = new AbortController();
    const opening = client.request("open", { path: file, vmlinux: [], cacheFolder: "" }, aborted.signal);
    aborted.abort();
    await expect(opening).rejects.toMatchObject({ code: "cancelled" });
    await expect(client.request("summary", { trace: 1 as TraceHandle }, aborted.signal)).rejects.toMatchObject({
      code: "cancelled",
    });
    await expect(open(client, file)).resolves.toBeTypeOf("number");
  });

  it("rejects what waits when it dies, and says how it ended", async () => {
    const client = startClient();
    const trace = await open(client, await smallTrace());
    const ended = new Promise<string>((resolve) => client.onExit(resolve));
    process.kill(client.pid ?? 0, "SIGSTOP");
    const waiting = client.request("functions", everything(trace));
    process.kill(client.pid ?? 0, "SIGKILL");
    await expect(waiting).rejects.toMatchObject({ code: "engine-died" });
    expect(await ended).toContain("SIGKILL");
    await expect(client.request("summary", { trace })).rejects.toMatchObject({ code: "engine-died" });
  });

  it("keeps the last words of an engine that cannot start", async () => {
    const client = new EngineClient({ enginePath: path.join(path.dirname(bundles.engine), "missing.js") });
    const ended = new Promise<string>((resolve) => client.onExit(resolve));
    await expect(client.request("summary", { trace: 1 as TraceHandle })).rejects.toMatchObject({ code: "engine-died" });
    expect(await ended).toContain("missing.js");
  });

  it("ends with the client, and cancels what waits", async () => {
    const client = startClient();
    await client
      .request("symbolize", { vmlinux: bundles.engine, addresses: new BigUint64Array(0), cacheFolder: null })
      .catch(() => undefined);
    const pid = client.pid ?? 0;
    const waiting = client.request("settled", { trace: 1 as TraceHandle });
    client.dispose();
    await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
    await expect.poll(() => isRunning(pid), { timeout: 5000 }).toBe(false);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
