/**
 * The long proof of names of real-mode code (`npm run prove:boot-code`): a kernel built from source, with its setup and the trampoline
 * of its second processor, against QEMU's own log. docs/symbols.md keeps the result.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensureTinyKernel } from "../../scripts/environment/tinyKernel.mjs";
import { localEngine, type LocalEngine } from "../../src/engine/local";
import { ElfFile } from "../../src/symbols/elf/elfFile";
import { readCodeParts } from "../../src/symbols/code/readCodeParts";
import { buildBundles, type Bundles } from "../support/bundles";
import { compareNamed } from "../support/compareNamed";
import { loggedCounts } from "../support/loggedCounts";
import { openNamed, type NamedAnswers } from "../support/openNamed";
import { recordedArguments } from "../support/recordings";

const qemu = "qemu-system-x86_64";
/** Functions with blocks whose bytes are changed at run time, by themselves or by the kernel that copies them (docs/symbols.md). */
const mostChanged = 2;
let folder: string;
let bundles: Bundles;
let engine: LocalEngine;
let tiny: Awaited<ReturnType<typeof ensureTinyKernel>>;
let logged: ReadonlyMap<string, number>;
let answers: NamedAnswers;
const file = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  tiny = await ensureTinyKernel();
  bundles = await buildBundles();
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-boot-proof-"));
  engine = localEngine(path.dirname(bundles.scanWorker));
  writeFileSync(file("initrd"), "");
  // It finds nothing to start, and resets the machine because of panic=-1. Recorded and logged in one run: the second processor comes
  // up at another moment each time.
  const extra = ["-smp", "2"];
  const initrd = file("initrd");
  const settings = { qemu, pluginApi: 1, kernel: tiny.kernel, initrd, preset: "fast", extra } as const;
  const args = await recordedArguments(settings, file("boot.bst"), file("console.txt"));
  // Of all else, which is a hundred times as much, there is no log.
  const filter = ["-dfilter", "0x0+0xa0000"];
  logged = await loggedCounts(qemu, [...args.with(args.indexOf("-accel") + 1, "tcg,thread=single"), ...filter]);
  answers = await openNamed(engine, { path: file("boot.bst"), vmlinux: [tiny.vmlinux], cacheFolder: file("cache") });
}, 3_600_000);
afterAll(async () => {
  engine.dispose();
  rmSync(folder, { recursive: true, force: true });
  await bundles.remove();
});

it.each(["setup", "trampoline"] as const)(
  "names the functions of the %s as often as they were logged",
  { timeout: 600_000 },
  async (name) => {
    const elf = tiny[name];
    const placed = answers.summary.symbols?.files?.filter(({ path: used }) => used === elf) ?? [];
    expect(placed).not.toEqual([]);
    const read = await ElfFile.open(elf);
    const [{ start }] = await readCodeParts(read);
    await read.close();
    const { functions, different } = compareNamed(elf, placed, start, logged, answers.page);
    console.log(`${name}: ${functions} functions were executed; other numbers: ${different.join(", ") || "none"}`);
    expect(functions).toBeGreaterThan(name === "setup" ? 20 : 2);
    expect(different.length).toBeLessThanOrEqual(mostChanged);
  },
);
