import { mkdir, mkdtemp, realpath, rm, symlink, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findKernels } from "../../../src/qemu/findKernel";

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(path.join(os.tmpdir(), "bootscope-kernels-")));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(name: string, modified: number): Promise<void> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, "");
  await utimes(file, modified, modified);
}
const found = async (): Promise<string[]> =>
  (await findKernels(folder)).map((image) => path.relative(folder, image.path));

describe("findKernels", () => {
  it("finds nothing in a folder that is empty or missing", async () => {
    expect(await found()).toEqual([]);
    expect(await findKernels(path.join(folder, "missing"))).toEqual([]);
  });

  it("finds the images of a build tree, newest first, links once", async () => {
    await put("arch/x86/boot/bzImage", 1000);
    await put("arch/arm64/boot/Image.gz", 2000);
    await mkdir(path.join(folder, "arch/x86_64/boot"), { recursive: true });
    await symlink("../../x86/boot/bzImage", path.join(folder, "arch/x86_64/boot/bzImage"));
    await put("vmlinux", 3000);
    expect(await found()).toEqual(["arch/arm64/boot/Image.gz", "arch/x86/boot/bzImage"]);
  });

  it("finds a build in its own folder and a distribution's kernels", async () => {
    await put("build/arch/riscv/boot/Image", 1000);
    await put("boot/vmlinuz-6.1.0-1-amd64", 3000);
    expect(await found()).toEqual(["boot/vmlinuz-6.1.0-1-amd64", "build/arch/riscv/boot/Image"]);
  });

  it("takes vmlinux only where there is no image", async () => {
    await put("vmlinux", 1000);
    expect(await found()).toEqual(["vmlinux"]);
  });

  it("is not misled by folders", async () => {
    await mkdir(path.join(folder, "arch/x86/boot/bzImage"), { recursive: true });
    expect(await found()).toEqual([]);
  });
});
