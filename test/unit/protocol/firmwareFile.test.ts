import { expect, it } from "vitest";
import { parseFirmwareFile } from "../../../src/protocol/firmwareFile";

it.each([
  ["fw.elf", "fw.elf", null],
  ["fw.elf@0x80000000", "fw.elf", 0x8000_0000n],
  ["a@b/fw.elf@FF00", "a@b/fw.elf", 0xff00n],
  ["fw@home.elf", "fw@home.elf", null],
  ["fw.elf@11112222333344445", "fw.elf@11112222333344445", null],
  ["@10", "@10", null],
])("%s is %s at %s", (text, path, address) => {
  expect(parseFirmwareFile(text)).toEqual({ path, address });
});
