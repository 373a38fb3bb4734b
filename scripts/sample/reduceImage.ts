/** Reduces a vmlinux to the names and lines of the functions that contain these addresses. */
import { openImage } from "../../src/symbols/image";
import { ElfFile } from "../../src/symbols/elf/elfFile";
import { SectionFlag } from "../../src/symbols/elf/constants";
import type { FunctionIndex, LineTable } from "../../src/symbols/types";
import { formatReducedImage, type FunctionSymbol } from "./elfWriter";
import { formatLineProgram, type LineSequence } from "./lineProgram";

/** The rows of a function: one wherever file or line change, and before the first the one that says where the function is written. */
function sequenceOf(
  { address, size }: FunctionSymbol,
  lines: LineTable,
  fileNumber: (file: number) => number,
): LineSequence {
  const bytes = new BigUint64Array(size).map((_, offset) => address + BigInt(offset));
  const { file, line } = lines.lookupMany(bytes);
  const entry = lines.entriesMany(bytes.subarray(0, 1));
  const rows: LineSequence["rows"][number][] = [];
  if (size > 0 && entry.file[0] >= 0 && (entry.file[0] !== file[0] || entry.line[0] !== line[0])) {
    rows.push({ address, file: fileNumber(entry.file[0]), line: entry.line[0] });
  }
  for (let offset = 0; offset < size; offset++) {
    if (file[offset] < 0) continue;
    if (offset > 0 && file[offset] === file[offset - 1] && line[offset] === line[offset - 1]) continue;
    rows.push({ address: bytes[offset], file: fileNumber(file[offset]), line: line[offset] });
  }
  return { rows, end: address + BigInt(size) };
}

async function codeSections(vmlinux: string) {
  const file = await ElfFile.open(vmlinux);
  try {
    const wanted = SectionFlag.Allocated | SectionFlag.Executable;
    return file.sections
      .filter(({ flags }) => (flags & wanted) === wanted)
      .map(({ name, address, size }) => ({ name, address, size: BigInt(size) }));
  } finally {
    await file.close();
  }
}

/** The bytes of an ELF file that answers for the executed functions what the vmlinux does. */
export async function reduceImage(vmlinux: string, addresses: readonly bigint[]): Promise<Uint8Array> {
  const image = await openImage(vmlinux);
  try {
    const lines = await image.lines();
    if (lines === null || image.buildId === null) throw new Error(`${vmlinux} has no lines or no build-id.`);
    const sorted = BigUint64Array.from(addresses).sort();
    const executed = [...new Set(image.lookupMany(sorted))].filter((index) => index >= 0).sort((a, b) => a - b);
    const functions = executed.map((index): FunctionSymbol => {
      const { address, size } = image.functions;
      return { name: image.functions.name(index as FunctionIndex), address: address[index], size: size[index] };
    });
    const files = new Map<number, number>();
    const fileNumber = (file: number): number => {
      const number = files.get(file) ?? files.size;
      files.set(file, number);
      return number;
    };
    const sequences = functions.map((symbol) => sequenceOf(symbol, lines, fileNumber));
    const paths = [...files.keys()].map((file) => lines.files[file]);
    return formatReducedImage({
      buildId: image.buildId,
      segments: image.segments,
      code: await codeSections(vmlinux),
      functions,
      lines: formatLineProgram(paths, sequences),
    });
  } finally {
    image.close();
  }
}
