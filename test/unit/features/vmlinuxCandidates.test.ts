import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { vmlinuxCandidates } from "../../../src/features/vmlinuxCandidates";

let folder: string;
const file = (...parts: string[]): string => {
  const target = path.join(folder, ...parts);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, "");
  return target;
};

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-vmlinux-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Those inside the test's folder: the machine may have debug kernels of its own. */
async function candidates(named: readonly string[], workspaces: readonly string[]): Promise<string[]> {
  const found = await vmlinuxCandidates({
    trace: path.join(folder, "traces", "boot.bst"),
    named,
    folders: workspaces.map((name, index) => ({
      name,
      index,
      uri: { fsPath: path.join(folder, name) },
    })) as unknown as Parameters<typeof vmlinuxCandidates>[0]["folders"],
  });
  return found.filter((candidate) => candidate.startsWith(folder));
}

describe("vmlinux candidates", () => {
  it("are, best first: named outright, beside the trace, in the workspace", async () => {
    const named = file("elsewhere", "my-kernel");
    const beside = file("traces", "vmlinux-6.1.0");
    const built = file("linux", "vmlinux");
    const apart = file("linux", "build", "vmlinux");
    expect(await candidates([named], ["linux"])).toEqual([named, beside, built, apart]);
  });

  it("leave out what is no kernel image, no file, or not there", async () => {
    for (const name of ["vmlinux.lds", "vmlinux.gz", "vmlinux.o", "boot.bst"]) file("traces", name);
    mkdirSync(path.join(folder, "traces", "vmlinux"));
    expect(await candidates([path.join(folder, "gone")], ["absent"])).toEqual([]);
  });

  it("are bootable images last, which have names and no lines", async () => {
    const beside = file("traces", "vmlinuz-6.1.0");
    const built = file("linux", "arch", "x86", "boot", "bzImage");
    const vmlinux = file("linux", "vmlinux");
    expect(await candidates([], ["linux"])).toEqual([vmlinux, beside, built]);
  });

  it("name a file once", async () => {
    const beside = file("traces", "vmlinux");
    expect(await candidates([beside], ["traces"])).toEqual([beside]);
  });
});
