import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { descendants, ensureGone, parseProcessStat, processTree } from "../../../../src/features/traceBoot/processes";

const tail = "1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0";
const stat = (pid: number, name: string, state: string, parent: number, started: number): string =>
  `${pid} (${name}) ${state} ${parent} ${tail} ${started} 1000 200 18446744073709551615\n`;

describe("parseProcessStat", () => {
  it("reads a name with spaces and parentheses", () => {
    expect(parseProcessStat(stat(12, "a) S 1 (b", "S", 7, 4242))).toEqual({
      pid: 12,
      parent: 7,
      started: "4242",
      zombie: false,
    });
    expect(parseProcessStat(stat(12, "x", "Z", 7, 1))?.zombie).toBe(true);
  });

  it("knows nothing of other text", () => {
    for (const text of ["", "x", "1 (a) S", "12"]) expect(parseProcessStat(text)).toBeUndefined();
  });
});

describe("descendants", () => {
  it("are all below the root, parents first, and end at a circle", () => {
    const process = (pid: number, parent: number) => ({ pid, parent, started: "1", zombie: false });
    const all = [process(4, 3), process(3, 2), process(2, 1), process(5, 2), process(9, 8)];
    expect(descendants(all, 2).map(({ pid }) => pid)).toEqual([2, 3, 5, 4]);
    expect(descendants(all, 7)).toEqual([]);
    expect(descendants([process(1, 2), process(2, 1)], 1).map(({ pid }) => pid)).toEqual([1, 2]);
  });
});

describe.runIf(process.platform === "linux")("ensureGone", () => {
  it("waits for what ends by itself, and kills what does not", async () => {
    const stubborn = spawn(process.execPath, [
      "-e",
      `process.on("SIGTERM", () => {}); require("child_process").spawn("sleep", ["60"]); console.log("ready"); setInterval(() => {}, 1000)`,
    ]);
    await once(stubborn.stdout, "data");
    const tree = await processTree(stubborn.pid!);
    expect(tree).toHaveLength(2);
    const ended = once(stubborn, "exit");
    stubborn.kill("SIGTERM");
    expect((await ensureGone(tree, 200)).map(({ pid }) => pid)).toEqual(tree.map(({ pid }) => pid));
    await ended;
    expect(await ensureGone(tree, 2000)).toEqual([]);
  });
});
