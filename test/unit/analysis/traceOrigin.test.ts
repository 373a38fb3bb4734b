/** Real logs, which do not say whether QEMU emulated a machine or ran a program. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { BlockPlaces, tracedMachine } from "../../../src/analysis/regions";
import { importBytes } from "../../support/importBytes";

it.each([
  ["a program's exec_tb", "backends/b-log.log", "[user space]"],
  ["a program's register dumps", "text/cpu-x86_64.log", "[user space]"],
  ["a program's translations", "text/in_asm-objd.log", "[user space]"],
  ["a PC's first blocks", "text/in_asm-exec-x86_64.log", "[firmware]"],
  ["a RISC-V machine's first blocks", "text/cpu-riscv64.log", "[reset ROM]", "[firmware]"],
  ["code that was loaded without a boot", "text/cpu-aarch64.log", "[kernel or program]", "[firmware]"],
])("%s are told by what is in the log", async (_, name, ...expected) => {
  const { trace } = await importBytes(readFileSync(path.join(import.meta.dirname, "../../fixtures", name)));
  const { blocks, metadata } = trace;
  const first = Float64Array.from({ length: blocks.count }, (__, block) => block);
  const places = new BlockPlaces(blocks, first, tracedMachine(metadata), null);
  const found = Array.from({ length: blocks.count }, (__, block) => {
    const place = places.of(block);
    return place.kind === "region" ? place.region.name : place.kind;
  });
  expect([...new Set(found)]).toEqual(expected);
});
