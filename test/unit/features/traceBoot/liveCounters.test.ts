import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readLiveCounters } from "../../../../src/features/traceBoot/liveCounters";

let file: string;
beforeEach(async () => {
  file = path.join(await mkdtemp(path.join(os.tmpdir(), "bootscope-live-")), "boot.bst");
});
afterEach(() => rm(path.dirname(file), { recursive: true }));

/** A file header with the live counters where docs/trace-format.md puts them. */
function header(executions: bigint, bytes: bigint): Buffer {
  const head = Buffer.alloc(4096);
  Buffer.from("894253540d0a1a0a", "hex").copy(head);
  head.writeBigUInt64LE(executions, 48);
  head.writeBigUInt64LE(bytes, 56);
  return head;
}

it("reads the counters of a recording under way", async () => {
  await writeFile(file, header(224_000_000n, 76_000_000n));
  expect(await readLiveCounters(file)).toEqual({ executions: 224_000_000, fileBytes: 76_000_000 });
});

it("knows nothing of a file that is missing, short or foreign", async () => {
  expect(await readLiveCounters(file)).toBeUndefined();
  await writeFile(file, header(1n, 2n).subarray(0, 63));
  expect(await readLiveCounters(file)).toBeUndefined();
  await writeFile(file, Buffer.alloc(4096, 0x7f));
  expect(await readLiveCounters(file)).toBeUndefined();
});
