import { afterEach, describe, expect, it } from "vitest";
import { openImage } from "../../../src/symbols/image";
import type { FunctionIndex, ImageSymbols } from "../../../src/symbols/types";
import { temporaryFile } from "./elfBuilder";

let image: ImageSymbols | undefined;
afterEach(() => image?.close());

const kallsyms = [
  "0000000000000000 A fixed_percpu_data",
  "ffffffff81000000 T _stext",
  "ffffffff81000000 t early_start",
  "ffffffff81000040 T __x64_sys_read",
  "ffffffff81000040 T ksys_read",
  "ffffffff81000080 t helper",
  "ffffffff81000100 t helper",
  "ffffffff81000140 t helper.cold",
  "ffffffff81000180 T only",
  "ffffffff810001c0 t only.cold",
  "ffffffff81000200 T _etext",
  "ffffffff81000300 D a_datum",
  "ffffffffc0000010 t module_work\t[virtio]",
  "ffffffffc0000090 d module_datum\t[virtio]",
  "ffffffffc0002000 t last_work\t[vsock]",
];
const write = (lines: readonly string[]) => temporaryFile(Buffer.from(`${lines.join("\n")}\n`));

async function namesAt(...addresses: bigint[]): Promise<(string | null)[]> {
  const opened = (image = await openImage(write(kallsyms)));
  const found = opened.lookupMany(BigUint64Array.from(addresses));
  return Array.from(found, (index) => (index < 0 ? null : opened.functions.name(index as FunctionIndex)));
}

describe("a System.map or kallsyms", () => {
  it("names code up to the next symbol, and to the end of its page where there is none", async () => {
    expect(await namesAt(0xffffffff81000050n, 0xffffffff810001ffn, 0xffffffff81000200n, 0xffffffff81000300n)).toEqual([
      "ksys_read",
      "only.cold",
      null,
      null,
    ]);
    expect(
      await namesAt(0n, 0xffffffffc000008fn, 0xffffffffc0000090n, 0xffffffffc0002fffn, 0xffffffffc0003000n),
    ).toEqual([null, "module_work", null, "last_work", null]);
  });

  it("gives pieces to their function, unless several could be meant", async () => {
    await namesAt();
    const { functions } = image!;
    const parents = Array.from({ length: functions.count }, (_, index) => [index, functions.parent[index]])
      .filter(([index, parent]) => index !== parent)
      .map((pair) => pair.map((index) => functions.name(index as FunctionIndex)));
    expect(parents).toEqual([["only.cold", "only"]]);
  });

  it("has no lines, no bytes and one segment, the kernel's code", async () => {
    await namesAt();
    expect(image!.addressOf("a_datum")).toBe(0xffffffff81000300n);
    expect(image!.addressOf("nowhere")).toBeNull();
    expect(image!.segments.map(({ virtualAddress, memorySize }) => [virtualAddress, memorySize])).toEqual([
      [0xffffffff81000000n, 0x200n],
    ]);
    expect([await image!.lines(), image!.read(image!.segments[0].virtualAddress, 1)]).toEqual([null, null]);
  });

  it("leaves out lines of another form, and one that is cut", async () => {
    image = await openImage(
      write(["ffffffff81000000 T start", "# comment", "", "ffffffff81000010 T next", "ffffffff810"]),
    );
    expect(image.functions.count).toBe(2);
  });

  it("is refused when its addresses are hidden", async () => {
    const hidden = write(["0000000000000000 T start", "0000000000000000 T next"]);
    await expect(openImage(hidden)).rejects.toMatchObject({
      code: "no-symbols",
      advice: expect.stringContaining("kptr_restrict") as string,
    });
  });
});
