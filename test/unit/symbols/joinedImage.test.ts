import { describe, expect, it } from "vitest";
import { JoinedImage, type JoinedFile } from "../../../src/symbols/joinedImage";
import type { FunctionIndex } from "../../../src/symbols/types";
import { fakeImage, kernelBase } from "../../support/fakeImage";

const kernel = fakeImage({
  functions: [{ name: "start_kernel", address: kernelBase, size: 64 }],
  lines: [{ address: kernelBase, file: "init/main.c", line: 5 }],
  buildId: "abcd",
});
const module = (name: string, line: number) =>
  fakeImage({
    functions: [
      { name: "init", address: 0n, size: 16 },
      { name: "init.cold", address: 32n, size: 8, parent: "init" },
    ],
    lines: [
      { address: 0n, file: `${name}.c`, line },
      { address: 32n, file: "list.h", line: 7 },
    ],
  });
const place = (index: bigint): bigint => (1n << 56n) + (index << 40n);
const joinedFile = (name: string, index: bigint): JoinedFile => ({
  image: module(name, Number(index) + 1),
  name,
  offset: place(index),
  start: place(index),
  end: place(index + 1n),
});
const image = new JoinedImage(kernel, [joinedFile("one", 0n), joinedFile("two", 1n)]);
const addresses = BigUint64Array.of(kernelBase + 4n, place(1n) + 4n, place(0n) + 33n, place(1n) + 20n, place(0n) + 1n);

describe("a kernel joined with modules", () => {
  it("names functions as /proc/kallsyms does, each of its own file", () => {
    const names = Array.from(image.lookupMany(addresses), (index) =>
      index < 0 ? null : image.functions.name(index as FunctionIndex),
    );
    expect(names).toEqual(["start_kernel", "init [two]", "init.cold [one]", null, "init [one]"]);
  });

  it("has its functions in order of address, and pieces with their parents", () => {
    const { functions } = image;
    expect([...functions.address]).toEqual([...functions.address].sort((a, b) => (a < b ? -1 : 1)));
    const cold = image.lookupMany(BigUint64Array.of(place(1n) + 33n))[0];
    expect(functions.name(functions.parent[cold] as FunctionIndex)).toBe("init [two]");
    expect(functions.sourceName(cold as FunctionIndex)).toBe("init [two]");
  });

  it("has one list of source files", async () => {
    const lines = await image.lines();
    expect([...(lines?.files ?? [])].sort()).toEqual(["init/main.c", "list.h", "one.c", "two.c"]);
    const found = lines?.lookupMany(addresses);
    const places = Array.from(found?.file ?? [], (file, at) => `${lines?.files[file]}:${found?.line[at]}`);
    expect(places).toEqual(["init/main.c:5", "two.c:2", "list.h:7", "two.c:2", "one.c:1"]);
  });

  it("is the kernel in all that is asked of a kernel", () => {
    expect(image).toMatchObject({ buildId: "abcd", path: kernel.path, segments: kernel.segments });
    expect(image.addressOf("start_kernel")).toBe(kernelBase);
    expect(image.addressOf("init")).toBeNull();
  });
});
