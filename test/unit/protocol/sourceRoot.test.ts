import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { belowRoot, sourceRoot, sourceRoots } from "../../../src/protocol/sourceRoot";

const build = "debian/build/build_amd64/";
const kernel = [
  "kernel/kallsyms.c",
  "kernel/fork.c",
  "lib/mpi/mpi-pow.c",
  "arch/x86/kernel/apic/apic.c",
  "init/main.c",
];
const many = (files: readonly string[], times: number): string[] => Array.from({ length: times }, () => files).flat();

describe("the root of the sources", () => {
  it("is the folder that all are below", () => {
    expect(sourceRoot(kernel.map((file) => build + file))).toBe(build);
    expect(sourceRoot(kernel.map((file) => `/home/me/linux/${file}`))).toBe("/home/me/linux/");
    expect(sourceRoot(kernel)).toBe("");
    expect(sourceRoot([])).toBe("");
    expect(sourceRoot([null, null])).toBe("");
  });

  it("is not given up for a few files from elsewhere, but for many", () => {
    const own = many(
      kernel.map((file) => build + file),
      20,
    );
    expect(sourceRoot([...own, null, "/usr/src/arch/x86/lib/memmove_64.S"])).toBe(build);
    expect(sourceRoot([...own, ...many(["/usr/src/arch/x86/lib/memmove_64.S"], 20)])).toBe("");
  });

  it("leaves every path a folder", () => {
    expect(sourceRoot(["build/mm/slub.c", "build/mm/page_alloc.c"])).toBe("build/");
    expect(sourceRoot(["mm/slub.c"])).toBe("");
  });

  it("has another beside it for files of the same tree that were compiled by their whole path", () => {
    const own = many(
      kernel.map((file) => build + file),
      40,
    );
    const assembly = ["arch/x86/kernel/head_64.S", "arch/x86/lib/retpoline.S"].map(
      (file) => `/build/linux-6.1/${file}`,
    );
    const programs = ["/build/glibc/arch/none.c", "/build/glibc/lib/mpi.c", "/build/glibc/nowhere.c"];
    expect(sourceRoots([...own, null, ...programs, ...assembly])).toEqual([build, "/build/linux-6.1/"]);
    expect(sourceRoots([...own, ...programs])).toEqual([build]);
    expect(sourceRoots([])).toEqual([""]);
    expect(belowRoot(assembly[1], [build, "/build/linux-6.1/"])).toBe("arch/x86/lib/retpoline.S");
  });

  it("begins nearly all paths and ends in a slash, whatever they are", () => {
    const path = fc.array(fc.constantFrom("a", "b", "", "mm"), { minLength: 1, maxLength: 6 }).map((p) => p.join("/"));
    fc.assert(
      fc.property(fc.array(path, { minLength: 1, maxLength: 30 }), (files) => {
        const root = sourceRoot(files);
        expect(files.filter((file) => file.startsWith(root)).length).toBeGreaterThanOrEqual(files.length * 0.9);
        expect(root === "" || root.endsWith("/")).toBe(true);
      }),
    );
  });
});

describe("a path below the root", () => {
  it("is without it; any other stays whole", () => {
    expect(belowRoot(`${build}kernel/fork.c`, [build])).toBe("kernel/fork.c");
    expect(belowRoot("/usr/src/a.S", [build])).toBe("/usr/src/a.S");
    expect(belowRoot("a.c", [""])).toBe("a.c");
    expect(belowRoot("a.c", [])).toBe("a.c");
  });
});
