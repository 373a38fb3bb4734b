import { beforeEach, describe, expect, it } from "vitest";
import { type Disk, SourceLocator } from "../../../src/features/sourceFiles/sourceLocator";

/** A disk in memory that counts existence tests. */
class MemoryDisk implements Disk {
  tests = 0;

  constructor(
    private readonly files: ReadonlySet<string>,
    private readonly links: Readonly<Record<string, string>> = {},
  ) {}

  isFile(path: string): Promise<boolean> {
    this.tests++;
    return Promise.resolve(this.files.has(path));
  }

  foldersIn(path: string): Promise<readonly string[]> {
    const inside = [...this.files]
      .filter((file) => file.startsWith(`${path}/`))
      .map((file) => file.slice(path.length + 1));
    return Promise.resolve([...new Set(inside.filter((file) => file.includes("/")).map((file) => file.split("/")[0]))]);
  }

  realPath(path: string): Promise<string> {
    return Promise.resolve(this.links[path] ?? path);
  }
}

const build = "debian/build/build_amd64_none_cloud-amd64";
const tree = [
  "init/main.c",
  "kernel/sched/core.c",
  "arch/x86/kernel/setup.c",
  "arch/arm64/kernel/setup.c",
  "lib/sha1.c",
];
const linux = new Set(tree.map((file) => `/home/me/linux/${file}`));

describe("SourceLocator", () => {
  let disk: MemoryDisk;
  let locator: SourceLocator;
  beforeEach(() => {
    disk = new MemoryDisk(linux);
    locator = new SourceLocator(disk);
    locator.configure([], ["/home/me/linux"]);
  });

  it("finds a Debian-relative path in the workspace and then knows the tree with one test", async () => {
    expect(await locator.locate(`${build}/init/main.c`)).toEqual(["/home/me/linux/init/main.c"]);
    disk.tests = 0;
    expect(await locator.locate(`${build}/kernel/../kernel/sched/core.c`)).toEqual([
      "/home/me/linux/kernel/sched/core.c",
    ]);
    expect(disk.tests).toBe(1);
  });

  it("takes the path itself when it exists", async () => {
    locator.configure([], []);
    expect(await locator.locate("/home/me/linux/lib/sha1.c")).toEqual(["/home/me/linux/lib/sha1.c"]);
  });

  it("finds a tree in a sub-folder of the workspace, and a workspace inside the tree", async () => {
    locator.configure([], ["/home/me"]);
    expect(await locator.locate(`${build}/init/main.c`)).toEqual(["/home/me/linux/init/main.c"]);
    locator.configure([], ["/home/me/linux/kernel/sched"]);
    expect(await locator.locate(`${build}/kernel/sched/core.c`)).toEqual(["/home/me/linux/kernel/sched/core.c"]);
    expect(await locator.locate(`${build}/init/main.c`)).toEqual(["/home/me/linux/init/main.c"]);
  });

  it("prefers the setting over everything else", async () => {
    locator.configure([{ prefix: `${build}/init`, folder: "/home/me/linux/lib" }], ["/home/me/linux"]);
    expect(await locator.locate(`${build}/init/sha1.c`)).toEqual(["/home/me/linux/lib/sha1.c"]);
  });

  it("names every tree that has the file when several have it", async () => {
    const two = new SourceLocator(new MemoryDisk(new Set(["/w/linux-5.10/init/main.c", "/w/linux-6.1/init/main.c"])));
    two.configure([], ["/w"]);
    expect(await two.locate(`${build}/init/main.c`)).toEqual(["/w/linux-5.10/init/main.c", "/w/linux-6.1/init/main.c"]);
  });

  it("does not take a file of the same name elsewhere", async () => {
    const other = new SourceLocator(new MemoryDisk(new Set(["/w/main.c", "/w/tools/lib/string.c"])));
    other.configure([{ prefix: build, folder: "/w" }], ["/w"]);
    expect(await other.locate(`${build}/init/main.c`)).toEqual([]);
    expect(await other.locate(`${build}/lib/string.c`)).toEqual([]);
  });

  it("says which debug path a document stands for, and never that of another architecture", async () => {
    const paths = [`${build}/arch/x86/kernel/setup.c`, `${build}/init/main.c`, `${build}/usr/main.c`];
    expect(await locator.debugPathOf("/home/me/linux/arch/x86/kernel/setup.c", paths)).toBe(paths[0]);
    expect(await locator.debugPathOf("/home/me/linux/arch/arm64/kernel/setup.c", paths)).toBeUndefined();
    expect(await locator.debugPathOf("/home/me/linux/init/main.c", paths)).toBe(paths[1]);
    expect(await locator.debugPathOf("/home/me/linux/lib/sha1.c", paths)).toBeUndefined();
  });

  it("recognizes a document that was opened through a symbolic link", async () => {
    const real = "/home/me/linux/init/main.c";
    const linked = new SourceLocator(new MemoryDisk(new Set([real]), { "/link/init/main.c": real }));
    linked.configure([], ["/home/me/linux"]);
    expect(await linked.debugPathOf("/link/init/main.c", [`${build}/init/main.c`])).toBe(`${build}/init/main.c`);
  });

  it("derives the widest mapping from a chosen folder at any depth", async () => {
    const mapping = { prefix: build, folder: "/home/me/linux" };
    expect(await locator.derive(`${build}/kernel/sched/core.c`, "/home/me/linux")).toEqual(mapping);
    expect(await locator.derive(`${build}/kernel/sched/core.c`, "/home/me/linux/kernel/")).toEqual(mapping);
    expect(await locator.derive(`${build}/kernel/sched/core.c`, "/home/me")).toEqual(mapping);
    expect(await locator.derive(`${build}/mm/slub.c`, "/home/me/linux")).toBeUndefined();
  });
});
