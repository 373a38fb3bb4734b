import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { BlockReader, bufferBytes } from "../../../src/trace/import/blockReader";
import type { TraceInput } from "../../../src/trace/import/input/traceInput";

/** Has ten bytes, then fails. */
class FailingInput implements TraceInput {
  readonly path = "/nowhere/trace";
  readonly files = [this.path];
  readonly notes = [];
  readonly file = null;
  readonly problem = null;
  readonly bytesTotal = 20;
  bytesDone = 0;

  peek(): Promise<never> {
    return Promise.reject(new Error("not asked for"));
  }

  read(): Promise<number> {
    if (this.bytesDone > 0) return Promise.reject(new Error("the disk is gone"));
    this.bytesDone = 10;
    return Promise.resolve(10);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

describe("a block reader", () => {
  it("tells of a failure when its turn comes, not while somebody still works on the block before", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): unknown => unhandled.push(reason);
    process.on("unhandledRejection", note);
    try {
      const reader = new BlockReader(
        new FailingInput(),
        [0, 1].map(() => new Uint8Array(bufferBytes(16))),
      );
      expect(await reader.next(0)).toMatchObject({ last: false });
      await setImmediate();
      await setImmediate();
      await expect(reader.next(0)).rejects.toThrow("the disk is gone");
      expect(unhandled).toEqual([]);
      await reader.close();
    } finally {
      process.off("unhandledRejection", note);
    }
  });
});
