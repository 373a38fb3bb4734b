import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ProcessTree } from "../../../src/qemu/processTree";

/** Whether a process is there and not just waiting to be reaped. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A shell that starts a child, prints the child's number and waits. */
async function family(script: string): Promise<{ tree: ProcessTree; grandchild: number }> {
  const tree = new ProcessTree("/bin/sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"], env: process.env });
  const line = await new Promise<string>((resolve) =>
    tree.child.stdout!.once("data", (bytes: Buffer) => resolve(bytes.toString())),
  );
  return { tree, grandchild: Number(line) };
}

async function gone(pid: number): Promise<boolean> {
  for (let i = 0; i < 100 && isAlive(pid); i++) await sleep(20);
  return !isAlive(pid);
}

describe("ProcessTree", () => {
  it("ends a program and what it started", async () => {
    const { tree, grandchild } = await family("sleep 60 & echo $!; wait");
    await tree.end();
    expect(await tree.exited).toEqual({ code: null, signal: "SIGTERM" });
    expect(await gone(grandchild)).toBe(true);
  });

  it("kills a program that does not listen, and its children", async () => {
    const { tree, grandchild } = await family("trap '' TERM; (trap '' TERM; sleep 60) & echo $!; wait; sleep 60");
    await tree.end();
    expect((await tree.exited).signal).toBe("SIGKILL");
    expect(await gone(grandchild)).toBe(true);
  });

  it("ends what a wrapper left behind", async () => {
    const { tree, grandchild } = await family("sleep 60 >/dev/null 2>&1 & echo $!");
    expect(await tree.exited).toEqual({ code: 0, signal: null });
    expect(isAlive(grandchild)).toBe(true);
    await tree.end();
    expect(await gone(grandchild)).toBe(true);
  });

  it("rejects when there is no such program", async () => {
    const tree = new ProcessTree("/nowhere/program", [], { stdio: "ignore", env: process.env });
    await expect(tree.exited).rejects.toMatchObject({ code: "ENOENT" });
    await tree.end();
  });
});
