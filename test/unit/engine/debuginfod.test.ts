import { mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { DebuginfodClient } from "../../../src/engine/debuginfod/client";
import { usualLimits } from "../../../src/engine/debuginfod/download";
import { DownloadStore, missingForMs } from "../../../src/engine/debuginfod/store";
import { DebugSearch } from "../../../src/engine/debugSearch";
import { fileFingerprint } from "../../../src/engine/fileFingerprint";
import { DebugFiles } from "../../../src/engine/guestFiles/debugFiles";
import { localEngine } from "../../../src/engine/local";
import { debuginfodServers, usableServers } from "../../../src/protocol/debugSources";
import type { BootscopeError } from "../../../src/protocol/failure";
import { openImage } from "../../../src/symbols/image";
import { buildTraceFile } from "../../support/buildTrace";
import { startDebuginfod, startServer } from "../../support/debuginfodServer";
import { buildElf } from "../symbols/elfBuilder";

const fixture = path.resolve(import.meta.dirname, "../../fixtures/symbols/dwarf5.elf");
let content: Buffer;
let buildId: string;
let folder: string;

beforeEach(async () => {
  content = await readFile(fixture);
  const image = await openImage(fixture);
  buildId = image.buildId ?? "";
  image.close();
  folder = await mkdtemp(path.join(tmpdir(), "bootscope-debuginfod-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

function makeClient(servers: readonly string[], { megabytes = 64, stallMs = 10_000 } = {}) {
  const failures: BootscopeError[] = [];
  const progress: [number, number][] = [];
  const store = new DownloadStore(path.join(folder, "store"), megabytes * 2 ** 20);
  const listener = {
    failed: (failure: BootscopeError) => void failures.push(failure),
    progress: (done: number, total: number) => void progress.push([done, total]),
  };
  const client = new DebuginfodClient(servers, store, listener, { ...usualLimits, stallMs });
  onTestFinished(() => client.stop());
  return { client, failures, progress };
}

/** Nothing but whole files is left in the store. */
async function expectNoParts(): Promise<void> {
  const names = await readdir(path.join(folder, "store"), { recursive: true }).catch(() => []);
  expect(names.filter((name) => name.endsWith(".part"))).toEqual([]);
}

describe("a debuginfod server", () => {
  it("is asked once for a file, which is kept", async () => {
    const server = await startDebuginfod(new Map([[`${buildId}/debuginfo`, content]]));
    const { client, progress } = makeClient([server.url]);
    expect(await client.known(buildId, "debuginfo")).toBeNull();
    const [found, again] = await Promise.all([client.find(buildId, "debuginfo"), client.find(buildId, "debuginfo")]);
    expect(found).not.toBeNull();
    expect(again).toBe(found);
    expect((await readFile(found ?? "")).equals(content)).toBe(true);
    expect(progress.at(-1)).toEqual([content.length, content.length]);
    expect(await makeClient([server.url]).client.find(buildId, "debuginfo")).toBe(found);
    expect(server.asked).toEqual([`/buildid/${buildId}/debuginfo`]);
    expect(client.state).toEqual({ missing: 0, askAgainAt: Infinity });
    await expectNoParts();
  });

  it("that has nothing is not asked again for a while; another one is", async () => {
    const empty = await startDebuginfod(new Map());
    const full = await startDebuginfod(new Map([[`${buildId}/executable`, content]]));
    const { client, failures } = makeClient([empty.url]);
    expect(await client.find(buildId, "executable")).toBeNull();
    expect(await client.find(buildId, "executable")).toBeNull();
    expect(empty.asked).toHaveLength(1);
    expect(client.state.missing).toBe(2);
    expect(client.state.askAgainAt).toBeGreaterThan(Date.now());
    expect(await makeClient([empty.url, full.url]).client.find(buildId, "executable")).not.toBeNull();
    expect(empty.asked).toHaveLength(1);
    expect(failures).toEqual([]);
  });

  it("that had nothing is asked again after that while", async () => {
    const server = await startDebuginfod(new Map());
    await makeClient([server.url]).client.find(buildId, "debuginfo");
    const notes = path.join(folder, "store", buildId);
    const before = new Date(Date.now() - missingForMs - 1000);
    for (const name of await readdir(notes)) await utimes(path.join(notes, name), before, before);
    await makeClient([server.url]).client.find(buildId, "debuginfo");
    expect(server.asked).toHaveLength(2);
  });

  it("is not asked for what is no build-id", async () => {
    const server = await startDebuginfod(new Map());
    const { client } = makeClient([server.url]);
    for (const id of ["", "../../etc/passwd", "AB12", "abc", "ab/cd", "a".repeat(130)])
      expect(await client.find(id, "debuginfo")).toBeNull();
    expect(server.asked).toEqual([]);
  });

  it("may send its answer elsewhere", async () => {
    const target = await startDebuginfod(new Map([[`${buildId}/debuginfo`, content]]));
    const server = await startServer((request, response) => {
      response.writeHead(302, { Location: `${target.url}${request.url ?? ""}` }).end();
    });
    expect(await makeClient([server.url]).client.find(buildId, "debuginfo")).not.toBeNull();
  });
});

describe("a debuginfod server that does harm", () => {
  const endless = (response: ServerResponse): void => {
    response.writeHead(200);
    const more = (): void => {
      if (!response.destroyed) response.write(Buffer.alloc(1 << 18), () => setImmediate(more));
    };
    more();
  };
  const cases: [string, (response: ServerResponse) => void, RegExp][] = [
    ["an endless body", endless, /sends a file of more than 1 MiB/],
    [
      "a length that is too large",
      (r) => r.writeHead(200, { "Content-Length": 2 ** 40 }).write("x"),
      /more than 1 MiB/,
    ],
    ["another file", (r) => r.end(buildElf({ sections: [] })), /no ELF file with a build-id/],
    ["no ELF file", (r) => r.end("<html>Sign in</html>"), /no ELF file with a build-id/],
    ["a cut body", (r) => (r.writeHead(200, { "Content-Length": 9000 }).write("x"), r.destroy()), /ends before/],
    ["an error", (r) => r.writeHead(503).end(), /answers 503 Service Unavailable/],
    ["a redirect to itself", (r) => r.writeHead(301, { Location: "/buildid/again" }).end(), /redirects more than 5/],
    ["a redirect to a file", (r) => r.writeHead(301, { Location: "file:///etc/passwd" }).end(), /not safe/],
    ["nothing, for ever", () => undefined, /sends too little in 0.2 s/],
    ["a byte now and then", (r) => void setInterval(() => r.write("x"), 20).unref(), /sends too little in 0.2 s/],
  ];

  it.each(cases)("with %s costs its file only, is told once and left alone", async (_, answer, message) => {
    const server = await startServer((_request, response) => answer(response));
    const good = await startDebuginfod(new Map([[`${buildId}/debuginfo`, content]]));
    const { client, failures } = makeClient([server.url, good.url], { megabytes: 1, stallMs: 200 });
    expect(await client.find(buildId, "debuginfo")).not.toBeNull();
    expect(failures.map((failure) => failure.message)).toEqual([expect.stringMatching(message)]);
    const asked = server.asked.length;
    expect(await client.find("0123456789abcdef", "debuginfo")).toBeNull();
    expect(server.asked).toHaveLength(asked);
    expect(client.state.askAgainAt).toBe(0);
    await expectNoParts();
  });

  it("that is not there is told, with what to do", async () => {
    const { client, failures } = makeClient(["http://127.0.0.1:1"]);
    expect(await client.find(buildId, "debuginfo")).toBeNull();
    expect(failures[0].message).toMatch(/^The debuginfod server http:\/\/127\.0\.0\.1:1 cannot be used \(.+\)\.$/);
    expect(failures[0].advice).not.toBe("");
  });

  it("does not keep a download from being cancelled, which leaves nothing behind and is no failure", async () => {
    const server = await startServer((_, response) => response.writeHead(200).write("x"));
    const { client, failures } = makeClient([server.url]);
    const finding = client.find(buildId, "debuginfo");
    await expect.poll(() => server.asked.length).toBe(1);
    expect(client.isBusy).toBe(true);
    client.stop();
    expect(await finding).toBeNull();
    expect(failures).toEqual([]);
    expect(client.isBusy).toBe(false);
    await expectNoParts();
  });
});

describe("downloaded files", () => {
  it("stay the same files when they are found again", async () => {
    const store = new DownloadStore(path.join(folder, "found"), 1000);
    const draft = await store.draft("aaaa", "debuginfo");
    await writeFile(draft, Buffer.alloc(100));
    const print = await fileFingerprint(await store.keep(draft, "aaaa", "debuginfo"));
    expect(await fileFingerprint((await store.find("aaaa", "debuginfo")) ?? "")).toBe(print);
  });

  it("make room for new ones, the ones that were not used for longest first", async () => {
    const store = new DownloadStore(path.join(folder, "store"), 250);
    const add = async (id: string, ageMs: number): Promise<void> => {
      const draft = await store.draft(id, "debuginfo");
      await writeFile(draft, Buffer.alloc(100));
      const file = await store.keep(draft, id, "debuginfo");
      const when = new Date(Date.now() - ageMs);
      await utimes(file, when, when);
    };
    await add("aaaa", 3000);
    await add("bbbb", 9000);
    await add("cccc", 0);
    expect(await store.find("aaaa", "debuginfo")).not.toBeNull();
    expect(await store.find("bbbb", "debuginfo")).toBeNull();
    expect(await store.find("cccc", "debuginfo")).not.toBeNull();
  });
});

describe("settings of servers", () => {
  it("are URLs, each once; the environment is used when it is named", () => {
    const given = ["https://a.example/", "DEBUGINFOD_URLS", "https://a.example"];
    expect(debuginfodServers(given, "https://b.example/x http://c.example")).toEqual([
      "https://a.example",
      "https://b.example/x",
      "http://c.example",
    ]);
    expect(debuginfodServers([], "https://b.example")).toEqual([]);
    expect(debuginfodServers(["DEBUGINFOD_URLS"], undefined)).toEqual([]);
  });

  it("are used without what is no URL of one, where that is only told", () => {
    const refused: string[] = [];
    const given = ["https://a.example", "nonsense", "DEBUGINFOD_URLS"];
    const servers = usableServers(given, "ftp://b.example https://c.example", ({ message }) => refused.push(message));
    expect(servers).toEqual(["https://a.example", "https://c.example"]);
    expect(refused).toEqual([
      "nonsense is not the URL of a debuginfod server.",
      "ftp://b.example is not the URL of a debuginfod server.",
    ]);
  });

  it.each(["file:///etc", "debuginfod.example.org", "https://user:word@a.example", "ftp://a.example"])(
    "refuse %s",
    (text) => expect(() => debuginfodServers([text], undefined)).toThrow(/is not the URL of a debuginfod server/),
  );
});

describe("a trace whose debug information is on a server", () => {
  async function makeTrace(kernelBuildIds: string[]): Promise<string> {
    const image = await openImage(fixture);
    const { address, count } = image.functions;
    const blocks = Array.from({ length: count }, (_, index) => ({ address: address[index], size: 4, instructions: 2 }));
    image.close();
    const metadata = { target: "x86_64", capture: { mode: "complete" as const }, kernel: { buildIds: kernelBuildIds } };
    return buildTraceFile({ metadata, blocks, vcpus: [[...blocks.keys()]] });
  }

  async function openedSummary(file: string, servers: readonly string[], vmlinux: readonly string[] = []) {
    const activities = new Set<string>();
    const engine = localEngine(null, (notice) => {
      if (notice.kind === "progress") activities.add(notice.activity);
    });
    onTestFinished(() => engine.dispose());
    const cacheFolder = path.join(folder, "cache");
    const debug = { folders: [], servers };
    const { trace } = await engine.request("open", { path: file, vmlinux, cacheFolder, debug });
    return { summary: await engine.request("settled", { trace }), activities };
  }

  it("gets the names and lines of its kernel, and keeps them for the next time", async () => {
    const server = await startDebuginfod(new Map([[`${buildId}/debuginfo`, content]]));
    const file = await makeTrace([buildId]);
    const { summary, activities } = await openedSummary(file, [server.url]);
    expect(summary.symbols).toMatchObject({ buildId, hasLines: true, match: { verdict: "matches" } });
    expect(summary.symbolsProblem).toBeNull();
    expect(activities).toContain("Downloading debug information");
    const again = await openedSummary(file, [server.url]);
    expect(again.summary.named).toBe(summary.named);
    expect(again.activities).not.toContain("Downloading debug information");
    expect(server.asked).toHaveLength(1);
  });

  it("says that no server has it, or that the trace does not tell which kernel it is", async () => {
    const server = await startDebuginfod(new Map());
    const none = await openedSummary(await makeTrace([buildId]), [server.url]);
    expect(none.summary.symbolsProblem?.message).toMatch(/no debuginfod server gave its debug information\.$/);
    expect(server.asked).toEqual([`/buildid/${buildId}/debuginfo`, `/buildid/${buildId}/executable`]);
    const unknown = await openedSummary(await makeTrace([]), [server.url]);
    expect(unknown.summary.symbolsProblem?.message).toMatch(/does not tell the kernel's build-id\.$/);
  });

  it("asks nobody unless servers are given, and never for what is here", async () => {
    const server = await startDebuginfod(new Map([[`${buildId}/debuginfo`, content]]));
    const file = await makeTrace([buildId]);
    process.env["DEBUGINFOD_URLS"] = server.url;
    onTestFinished(() => {
      delete process.env["DEBUGINFOD_URLS"];
    });
    expect((await openedSummary(file, [])).summary.symbols).toBeNull();
    expect((await openedSummary(file, [server.url], [fixture])).summary.symbols?.path).toBe(fixture);
    expect(server.asked).toEqual([]);
  });

  it("gets that of a program of the guest too", async () => {
    const note = await buildIdNote();
    const stripped = path.join(folder, "program");
    await writeFile(stripped, buildElf({ sections: [note] }));
    const server = await startDebuginfod(new Map([[`${buildId}/debuginfo`, content]]));
    const { client } = makeClient([server.url]);
    const files = new DebugFiles(new DebugSearch([], client), []);
    const program = { path: stripped, name: "program", isModule: false };
    const found = await files.of(program);
    expect(found).not.toBe(stripped);
    expect((await stat(found)).size).toBe(content.length);
    expect(await new DebugFiles(new DebugSearch([]), []).of(program)).toBe(stripped);
  });

  /** The build-id of the fixture as a section of another file. */
  async function buildIdNote() {
    const note = Buffer.alloc(16 + buildId.length / 2);
    note.writeUInt32LE(4, 0);
    note.writeUInt32LE(buildId.length / 2, 4);
    note.writeUInt32LE(3, 8);
    note.write("GNU\0", 12, "latin1");
    note.write(buildId, 16, "hex");
    return Promise.resolve({ name: ".note.gnu.build-id", type: 7, content: note });
  }
});
