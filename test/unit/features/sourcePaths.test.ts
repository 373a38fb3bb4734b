import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  applyMappings,
  below,
  commonSuffixLength,
  cuts,
  isConvincing,
  join,
  normalizePath,
  parseSourceMap,
  widen,
} from "../../../src/features/sourceFiles/sourcePaths";

describe("normalizePath", () => {
  it.each([
    ["kernel/../kernel/sched/core.c", "kernel/sched/core.c"],
    ["./init//main.c", "init/main.c"],
    ["/build/linux/./arch/../init/main.c", "/build/linux/init/main.c"],
    ["C:\\src\\linux\\init\\main.c", "C:/src/linux/init/main.c"],
    ["../lib/string.c", "../lib/string.c"],
    ["", ""],
  ])("makes %s into %s", (path, normal) => {
    expect(normalizePath(path)).toBe(normal);
  });

  it("changes nothing the second time", () => {
    const component = fc.constantFrom("..", ".", "", "a", "linux", "main.c");
    fc.assert(
      fc.property(fc.array(component, { maxLength: 9 }), (components) => {
        const once = normalizePath(components.join("/"));
        expect(normalizePath(once)).toBe(once);
      }),
    );
  });
});

describe("mappings", () => {
  const mappings = [
    { prefix: "debian/build", folder: "/generic" },
    { prefix: "debian/build/amd64", folder: "/home/me/linux" },
    { prefix: "", folder: "/relative" },
  ];

  it("prefers the longest prefix", () => {
    expect(applyMappings("debian/build/amd64/init/main.c", mappings)).toEqual([
      "/home/me/linux/init/main.c",
      "/generic/amd64/init/main.c",
      "/relative/debian/build/amd64/init/main.c",
    ]);
  });

  it("cuts only between components, and maps relative paths with an empty prefix", () => {
    expect(applyMappings("debian/build/amd64-rt/a.c", mappings)[0]).toBe("/generic/amd64-rt/a.c");
    expect(applyMappings("/usr/include/a.h", mappings)).toEqual([]);
    expect(below("/a/b", "/a/b")).toBeUndefined();
  });

  it("keeps what the setting says as far as it can be a mapping", () => {
    const resolve = (folder: string) => (folder.startsWith("/") ? folder : undefined);
    expect(parseSourceMap({ "/build/": "/src", x: 5, y: "relative", z: "" }, resolve)).toEqual([
      { prefix: "/build", folder: "/src" },
    ]);
    expect(parseSourceMap("nonsense", resolve)).toEqual([]);
  });

  it("widens to where both sides differ", () => {
    expect(widen({ prefix: "debian/build/kernel/sched", folder: "/home/me/linux/kernel/sched" })).toEqual({
      prefix: "debian/build",
      folder: "/home/me/linux",
    });
    expect(widen({ prefix: "init", folder: "/home/linux/init" })).toEqual({ prefix: "", folder: "/home/linux" });
  });

  it("maps the same file before and after widening", () => {
    const name = fc.constantFrom("a", "b", "linux", "kernel");
    const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join("/"));
    fc.assert(
      fc.property(path, path, path, (prefix, folder, rest) => {
        const mapping = { prefix: `/${prefix}`, folder: `/${folder}` };
        const [file] = applyMappings(join(mapping.prefix, rest), [mapping]);
        expect(applyMappings(join(mapping.prefix, rest), [widen(mapping)])).toEqual([file]);
      }),
    );
  });
});

describe("cutting a path", () => {
  it("starts with the whole path", () => {
    expect([...cuts("/build/init/main.c")]).toEqual([
      { prefix: "/", suffix: "build/init/main.c" },
      { prefix: "/build", suffix: "init/main.c" },
      { prefix: "/build/init", suffix: "main.c" },
    ]);
  });

  it("is bounded for hostile paths", () => {
    expect([...cuts("a/".repeat(100_000) + "b.c")]).toHaveLength(64);
  });

  it("does not trust a bare name outside its folder", () => {
    const cut = { prefix: "build/init", suffix: "main.c" };
    expect(isConvincing(cut, "/home/project")).toBe(false);
    expect(isConvincing(cut, "/home/linux/init")).toBe(true);
    expect(isConvincing({ prefix: "", suffix: "main.c" }, "/home/project")).toBe(true);
  });

  it("counts common trailing components", () => {
    expect(commonSuffixLength("a/b/c.c", "/x/b/c.c")).toBe(2);
    expect(commonSuffixLength("b/c.c", "xb/c.c")).toBe(1);
    expect(commonSuffixLength("/c.c", "/c.c")).toBe(1);
  });
});
