/**
 * The long proof of where KASLR put the kernel (`npm run prove:kaslr`): boots with real time, whose kernel is elsewhere each time,
 * against the guest's own /proc/kallsyms and /proc/iomem. BOOTSCOPE_PROOF_BOOTS says how many (20); docs/symbols.md keeps the result.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensureModuleGuest, moduleGuestArguments } from "../../scripts/environment/moduleBoot.mjs";
import { matchImage } from "../../src/analysis/symbolsMatch";
import { openImage } from "../../src/symbols/image";
import type { ImageSymbols } from "../../src/symbols/types";
import { openTraceFile } from "../../src/trace/reader";
import { readGuestConsole } from "../support/guestConsole";
import { symbolAddress } from "../support/nm";
import { recordedArguments, runQemu } from "../support/recordings";

const boots = Number(process.env["BOOTSCOPE_PROOF_BOOTS"] ?? 20);
/** Where a kernel is loaded without KASLR (CONFIG_PHYSICAL_START). */
const linkedPhysical = 0x100_0000n;
let folder: string;
let guest: Awaited<ReturnType<typeof ensureModuleGuest>>;
let image: ImageSymbols;

beforeAll(async () => {
  guest = await ensureModuleGuest();
  image = await openImage(guest.vmlinux);
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-kaslr-"));
});
afterAll(() => {
  image.close();
  rmSync(folder, { recursive: true, force: true });
});

it(`finds the kernel of ${boots} boots`, { timeout: 3_600_000 }, async () => {
  const linked = symbolAddress(guest.vmlinux, "_text");
  const slides = new Set<bigint>();
  for (let boot = 1; boot <= boots; boot++) {
    const [trace, console0] = [path.join(folder, "boot.bst"), path.join(folder, "console.txt")];
    const machine = { qemu: "qemu-system-x86_64", pluginApi: 1, kernel: guest.kernel, initrd: guest.initrd };
    const disk = moduleGuestArguments(guest, console0).slice(0, 2);
    const append = ["-append", "console=ttyS0 panic=-1 quiet"];
    const extra = [...disk, ...append];
    const args = await recordedArguments({ ...machine, preset: "fast", extra }, trace, console0);
    await runQemu(machine.qemu, args, path.join(folder, "errors.txt"));
    const said = readGuestConsole(readFileSync(console0, "latin1"));
    const { blocks, metadata } = await openTraceFile(trace);
    // What the recorder read of the kernel's build-id is left out: the blocks alone have to tell.
    const { match, placement } = matchImage(blocks, { ...metadata, kernel: {} }, image);
    console.log(`${boot}: _text ${said.text.toString(16)}, physical ${said.physical.toString(16)}: ${match.evidence}`);
    expect(match.verdict).toBe("matches");
    expect(placement.virtualSlide).toBe(said.text - linked);
    expect(placement.physicalSlide).toBe(said.physical - linkedPhysical);
    slides.add(placement.virtualSlide);
  }
  console.log(`${boots} of ${boots} right, at ${slides.size} different places`);
  expect(slides.size).toBeGreaterThan(boots / 2);
});
