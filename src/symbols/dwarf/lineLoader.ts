import { setImmediate as nextTurn } from "node:timers/promises";
import { toFailure } from "../../protocol/failure";
import { ReusedBytes } from "../byteSource";
import { codeTest } from "../codeSections";
import { readCompilationDirectories } from "./compilationDirectories";
import type { DebugSections } from "./debugSections";
import { FileTable, UnitFiles } from "./lineFiles";
import { listLineUnits, readLineHeader } from "./lineHeader";
import { runLineProgram } from "./lineProgram";
import { LineRows } from "./lineRows";
import { SearchableLines } from "./lineTable";
import { Problems } from "./problems";

/** Bytes of line programs between two looks at the rest of the world: some ten milliseconds. */
const sliceBytes = 1 << 20;
/** Bytes of line programs for a row: compilers need eight, and the room for what they do not need costs nothing. */
const bytesPerRow = 6;

/**
 * Decodes .debug_line of an image (DWARF 2 to 5). What is damaged is left out and reported in `problem`, as one sentence.
 *
 * Rejects with AbortError when the signal fires, with BootscopeError when a section cannot be read at all.
 */
export async function loadLineTable(
  sections: DebugSections,
  signal?: AbortSignal,
  progress?: (done: number, total: number) => void,
): Promise<{ table: SearchableLines; problem: string | null }> {
  const { file, lines, strings } = sections;
  if (lines === null) return { table: SearchableLines.of([], new LineRows()), problem: null };
  signal?.throwIfAborted();
  const memory = new ReusedBytes();
  const { units, problem: listProblem } = listLineUnits(lines, memory);
  const problems = new Problems(listProblem);
  const needDirectories = units.some(({ version }) => version < 5);
  const debug = needDirectories ? await sections.units() : null;
  const directories = debug === null ? new Map<number, string>() : readCompilationDirectories(debug.info);

  const files = new FileTable();
  const rows = new LineRows(lines.length / bytesPerRow);
  const isCode = codeTest(file);
  let sliceEnd = 0;
  for (const unit of units) {
    if (unit.offset >= sliceEnd) {
      progress?.(unit.offset, lines.length);
      await nextTurn();
      signal?.throwIfAborted();
      sliceEnd = unit.offset + sliceBytes;
    }
    try {
      const cursor = lines.cursor(unit.offset, unit.end - unit.offset, memory);
      const header = readLineHeader(cursor, unit);
      const directory = directories.get(unit.offset) ?? null;
      const unitFiles = new UnitFiles(header, cursor.bytes, strings, files, directory);
      runLineProgram(cursor, header, unitFiles, rows, isCode);
    } catch (error) {
      problems.add(toFailure(error).message);
    }
    if (rows.isFull) {
      problems.add(".debug_line has more rows than can be kept: the last source lines are missing.");
      break;
    }
  }
  progress?.(lines.length, lines.length);
  return { table: SearchableLines.of(files.paths, rows), problem: problems.summary };
}
