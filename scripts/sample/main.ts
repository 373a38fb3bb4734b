/** Makes the sample: the moments in which a recorded boot leaves the decompressor and the kernel begins. */
import { openTraceFile } from "../../src/trace/reader";
import type { TraceFile, TraceMetadata } from "../../src/trace/types";
import { firstExecution, writeExcerpt, type Stretch } from "./excerpt";
import { reduceImage } from "./reduceImage";

/** The kernel's half of the address space. */
const kernelHalf = 0xffff_8000_0000_0000n;
/** Executions before and after the kernel's first one: what fits into about a megabyte. */
const before = 0;
const after = 26_000_000;
const format = new Intl.NumberFormat("en-US");

/** The recording's metadata, with where the excerpt comes from and without the folders of the machine it was made on. */
function excerptMetadata(trace: TraceFile, { start, end }: Stretch, whole: number): TraceMetadata {
  const { capture, qemu, kernel, ...metadata } = trace.metadata;
  const withoutFolders = (argument: string): string => argument.replaceAll(/(^|=)\/\S*\//g, "$1");
  const reason =
    `An excerpt for demonstration: executions ${format.format(start)} to ${format.format(end)} of a recorded boot of ` +
    `${format.format(whole)}. Between these it is complete.`;
  return {
    ...metadata,
    clock: { kind: "host", tickShift: 0 },
    capture: { ...capture, reasons: [reason] },
    qemu: { ...qemu, commandLine: (qemu?.commandLine ?? []).map(withoutFolders) },
    kernel: { ...kernel, path: withoutFolders(kernel?.path ?? "") },
  };
}

/** @param recording a whole boot, as `bootscope record` makes it */
async function main([recording, vmlinux, output]: readonly string[]): Promise<void> {
  const trace = await openTraceFile(recording);
  const kernel = firstExecution(trace, kernelHalf);
  if (kernel === null) throw new Error(`${recording} never reaches the kernel.`);
  const whole = trace.chunks.reduce((sum, chunk) => sum + chunk.executions, 0);
  const stretch = { start: Math.max(0, kernel - before), end: Math.min(whole, kernel + after) };
  const attach = async (addresses: readonly bigint[]) => [
    { name: "vmlinux", mime: "application/x-elf", bytes: await reduceImage(vmlinux, addresses) },
  ];
  await writeExcerpt(trace, stretch, excerptMetadata(trace, stretch, whole), attach, output);
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  console.error(thrown);
  process.exitCode = 1;
});
