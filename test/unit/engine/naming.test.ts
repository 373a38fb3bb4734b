import { copyFile, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { localEngine, type LocalEngine } from "../../../src/engine/local";
import type { FunctionColumn, FunctionsPage, TraceHandle, TraceSummary } from "../../../src/protocol/engine";
import type * as imageModule from "../../../src/symbols/image";
import { openImage } from "../../../src/symbols/image";
import { buildTraceFile, temporaryFile } from "../../support/buildTrace";

vi.mock("../../../src/symbols/image", async (original) => {
  const actual = await original<typeof imageModule>();
  return { ...actual, openImage: vi.fn(actual.openImage) };
});

const fixture = path.resolve(__dirname, "../../fixtures/symbols/dwarf5.elf");

/** A trace of the fixture's functions, the fixture as its vmlinux, and an empty cache. */
async function makeBoot() {
  const vmlinux = await temporaryFile("vmlinux");
  await copyFile(fixture, vmlinux);
  const image = await openImage(vmlinux);
  const { address, count } = image.functions;
  const blocks = Array.from({ length: count }, (_, index) => ({ address: address[index], size: 4, instructions: 2 }));
  const buildIds = image.buildId === null ? [] : [image.buildId];
  image.close();
  const metadata = { target: "x86_64", capture: { mode: "complete" as const }, kernel: { buildIds } };
  const file = await buildTraceFile({ metadata, blocks, vcpus: [[...blocks.keys()]] });
  return { file, vmlinux, cacheFolder: path.join(path.dirname(file), "cache") };
}

type Boot = Awaited<ReturnType<typeof makeBoot>>;

interface Opened {
  readonly engine: LocalEngine;
  readonly trace: TraceHandle;
  readonly summary: TraceSummary;
  /** How often an image had been opened when the trace was read. */
  readonly images: number;
}

async function open({ file, vmlinux, cacheFolder }: Boot): Promise<Opened> {
  const engine = localEngine(null);
  onTestFinished(() => engine.dispose());
  vi.mocked(openImage).mockClear();
  const { trace } = await engine.request("open", { path: file, vmlinux: [vmlinux], cacheFolder });
  const summary = await engine.request("settled", { trace });
  return { engine, trace, summary, images: vi.mocked(openImage).mock.calls.length };
}

async function table({ engine, trace }: Opened, sort: FunctionColumn = "name"): Promise<Partial<FunctionsPage>> {
  const query = { trace, range: null, sort, descending: false, filter: "", metric: "executions" as const };
  return { ...(await engine.request("functions", { ...query, offset: 0, limit: 1000 })), revision: 0 };
}

const withoutRevision = (summary: TraceSummary): TraceSummary => ({ ...summary, revision: 0 });

describe("names of a trace that is opened again", () => {
  it("come from the cache: the image stays closed until its lines are asked for", async () => {
    const boot = await makeBoot();
    const first = await open(boot);
    expect(first.images).toBe(1);
    const again = await open(boot);
    expect(again.images).toBe(0);
    expect(withoutRevision(again.summary)).toEqual(withoutRevision(first.summary));
    expect(again.summary.symbols?.match.verdict).toBe("matches");
    for (const sort of ["name", "source", "first"] as const) {
      expect(await table(again, sort)).toEqual(await table(first, sort));
    }
    const phases = (of: Opened) => of.engine.request("phases", { trace: of.trace });
    expect(await phases(again)).toEqual(await phases(first));
    expect(openImage).not.toHaveBeenCalled();
    const files = await again.engine.request("files", { trace: again.trace });
    expect(openImage).toHaveBeenCalledTimes(1);
    expect(files).toEqual(await first.engine.request("files", { trace: first.trace }));
    expect(files.file.length).toBeGreaterThan(0);
  });

  it("are found anew when the vmlinux was changed", async () => {
    const boot = await makeBoot();
    await open(boot);
    await utimes(boot.vmlinux, new Date(), new Date(1_000_000));
    expect((await open(boot)).images).toBe(1);
    await writeFile(boot.vmlinux, "no image");
    expect((await open(boot)).summary.symbols).toBeNull();
  });

  it("do not get lines from a vmlinux that was changed after the opening", async () => {
    const boot = await makeBoot();
    await open(boot);
    const { engine, trace } = await open(boot);
    await utimes(boot.vmlinux, new Date(), new Date(1_000_000));
    await expect(engine.request("files", { trace })).rejects.toMatchObject({ code: "wrong-symbols" });
  });

  it("are found anew when what was kept is damaged", async () => {
    const boot = await makeBoot();
    const expected = await table(await open(boot));
    const [name] = (await readdir(boot.cacheFolder)).filter((entry) => entry.startsWith("names-"));
    const kept = await readFile(path.join(boot.cacheFolder, name));
    for (const length of [0, 12, kept.length >> 1, kept.length - 1]) {
      await writeFile(path.join(boot.cacheFolder, name), kept.subarray(0, length));
      const again = await open(boot);
      expect(again.images).toBe(1);
      expect(await table(again)).toEqual(expected);
    }
  });

  it("are those of the image that the user forces, whatever was kept", async () => {
    const boot = await makeBoot();
    await open(boot);
    const { engine, trace } = await open(boot);
    const none = await engine.request("setSymbols", { trace, vmlinux: null, force: false });
    expect(none).toMatchObject({ symbols: null, named: 0 });
  });
});
