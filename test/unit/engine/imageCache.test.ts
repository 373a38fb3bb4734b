import { mkdtemp, readdir, readFile, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { deserialize } from "node:v8";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { EngineClient } from "../../../src/engine/client";
import { ResultCache } from "../../../src/engine/resultCache";
import { buildBundles, type Bundles } from "../../support/bundles";

const vmlinux = path.resolve(import.meta.dirname, "../../fixtures/symbols/dwarf5.elf");
const addresses = BigUint64Array.from({ length: 200 }, (_, index) => 0x400100n + BigInt(index * 2));

let bundles: Bundles;
beforeAll(async () => {
  bundles = await buildBundles();
});
afterAll(() => bundles.remove());

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "bootscope-images-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

function startClient(): EngineClient {
  const client = new EngineClient({ enginePath: bundles.engine });
  onTestFinished(() => client.dispose());
  return client;
}

const chains = (client: EngineClient, cacheFolder: string | null) =>
  client.request("inlineChains", { vmlinux, addresses, cacheFolder });

describe("what is kept of images", () => {
  it("is whole and answers the same when several engines write and read it at once", async () => {
    const cacheFolder = await emptyFolder();
    const expected = await chains(startClient(), null);
    const clients = Array.from({ length: 3 }, startClient);
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(clients.map((client) => chains(client, cacheFolder)));
      for (const answer of answers) expect(answer).toEqual(expected);
      const entries = await readdir(cacheFolder);
      expect(entries.map((name) => name.replace(/^image-[0-9a-f]{32}-/, "")).sort()).toEqual([
        "functions",
        "inlines",
        "lines",
      ]);
      for (const name of entries) deserialize(await readFile(path.join(cacheFolder, name)));
      // What one engine reads another takes away.
      await rm(path.join(cacheFolder, entries[round % entries.length]));
    }
  });

  it("is of one identity and one version of Bootscope", async () => {
    const folder = await emptyFolder();
    const cache = new ResultCache(folder);
    await cache.imageStore("one").save("lines", { of: "one" });
    expect(await cache.imageStore("one").load("lines")).toEqual({ of: "one" });
    expect(await cache.imageStore("one").load("functions")).toBeNull();
    expect(await cache.imageStore("other").load("lines")).toBeNull();
    expect(await cache.imageStore("one", 999).load("lines")).toBeNull();
  });

  it("makes room by what was not used for longest", async () => {
    const folder = await emptyFolder();
    const cache = new ResultCache(folder, 3500);
    const store = (name: string) => cache.imageStore(name);
    const content = { column: new Uint8Array(1000) };
    for (const [index, name] of ["first", "second", "third"].entries()) {
      const before = await readdir(folder);
      await store(name).save("lines", content);
      const [added] = (await readdir(folder)).filter((entry) => !before.includes(entry));
      await utimes(path.join(folder, added), 1000 + index, 1000 + index);
    }
    expect(await store("first").load("lines")).toEqual(content);
    await store("fourth").save("lines", content);
    const kept = await Promise.all(["first", "second", "third", "fourth"].map((name) => store(name).load("lines")));
    expect(kept.map((found) => found !== null)).toEqual([true, false, true, true]);
  });
});
