import { setImmediate as nextTurn } from "node:timers/promises";
import { toFailure } from "../../protocol/failure";
import { codeTest } from "../codeSections";
import { ByteCursor } from "../cursor";
import type { ElfFile } from "../elf/elfFile";
import { readCompilationDirectories } from "./compilationDirectories";
import { DebugInfo } from "./debugInfo";
import { FileTable, UnitFiles } from "./lineFiles";
import { listLineUnits, readLineHeader } from "./lineHeader";
import { runLineProgram } from "./lineProgram";
import { LineRows } from "./lineRows";
import { SearchableLines } from "./lineTable";
import { Problems } from "./problems";
import { StringReader } from "./strings";

/** Bytes of line programs between two looks at the rest of the world: some ten milliseconds. */
const sliceBytes = 1 << 20;

/**
 * Decodes .debug_line of an image (DWARF 2 to 5). What is damaged is left out and reported in `problem`, as one sentence.
 *
 * Rejects with AbortError when the signal fires, with BootscopeError when a section cannot be read at all.
 */
export async function loadLineTable(
  file: ElfFile,
  signal?: AbortSignal,
  progress?: (done: number, total: number) => void,
): Promise<{ table: SearchableLines; problem: string | null }> {
  const empty = new Uint8Array(0);
  const read = async (name: string) => (await file.cursor(name))?.bytes ?? empty;
  const lines = new ByteCursor(await read(".debug_line"), file.header.littleEndian, ".debug_line");
  const strings = new StringReader({
    inline: lines.bytes,
    str: await read(".debug_str"),
    line_str: await read(".debug_line_str"),
  });
  signal?.throwIfAborted();
  const { units, problem: listProblem } = listLineUnits(lines);
  const problems = new Problems(listProblem);
  const needDirectories = units.some(({ version }) => version < 5);
  const info = needDirectories ? await DebugInfo.open(file, strings) : null;
  const directories = info === null ? new Map<number, string>() : readCompilationDirectories(info);

  const files = new FileTable();
  const rows = new LineRows();
  const isCode = codeTest(file);
  let sliceEnd = 0;
  for (const unit of units) {
    if (unit.offset >= sliceEnd) {
      progress?.(unit.offset, lines.bytes.length);
      await nextTurn();
      signal?.throwIfAborted();
      sliceEnd = unit.offset + sliceBytes;
    }
    try {
      const header = readLineHeader(lines, unit);
      const unitFiles = new UnitFiles(header, strings, files, directories.get(unit.offset) ?? null);
      runLineProgram(lines, unit, header, unitFiles, rows, isCode);
    } catch (error) {
      problems.add(toFailure(error).message);
    }
    if (rows.isFull) {
      problems.add(".debug_line has more rows than can be kept: the last source lines are missing.");
      break;
    }
  }
  progress?.(lines.bytes.length, lines.bytes.length);
  return { table: SearchableLines.of(files.paths, rows), problem: problems.summary };
}
