import { BootscopeError } from "../../protocol/failure";
import { ReusedBytes } from "../byteSource";
import { codeTest } from "../codeSections";
import { AddressHalves } from "../sortedAddresses";
import { openLineUnit, type DebugSections, type DebugUnits } from "./debugSections";
import type { InfoUnit } from "./infoUnit";
import { FileTable, UnitFiles } from "./lineFiles";
import { readLineHeader } from "./lineHeader";
import { runLineProgram } from "./lineProgram";
import { LineRows } from "./lineRows";
import { SearchableLines } from "./lineTable";

/**
 * The lines of a few addresses, from the units that they are in and no others. Null where that does not tell all of them: then the whole
 * table has to be read, which also says what is wrong. Rejects with BootscopeError when a section cannot be read at all.
 */
export async function loadUnitLines(
  sections: DebugSections,
  addresses: BigUint64Array,
): Promise<SearchableLines | null> {
  const debug = await sections.units();
  const units = debug && unitsOf(debug, addresses);
  if (debug === null || units === null || sections.lines === null) return null;
  const files = new FileTable();
  const rows = new LineRows();
  const isCode = codeTest(sections.file);
  const memory = new ReusedBytes();
  try {
    for (const infoUnit of units) {
      const root = debug.info.readRoot(infoUnit).readRoot();
      if (root?.lineTable == null) return null;
      const { lineTable, compilationDirectory } = root;
      const { unit, cursor } = openLineUnit(sections.lines, lineTable, memory);
      const header = readLineHeader(cursor, unit);
      const unitFiles = new UnitFiles(header, cursor.bytes, sections.strings, files, compilationDirectory);
      runLineProgram(cursor, header, unitFiles, rows, isCode);
    }
  } catch (error) {
    if (error instanceof BootscopeError) return null;
    throw error;
  }
  const table = SearchableLines.of(files.paths, rows);
  return table.lookupMany(addresses).file.includes(-1) ? null : table;
}

/** The units of the addresses, or null when one of these is in none. */
function unitsOf({ info: { code }, index }: DebugUnits, addresses: BigUint64Array): ReadonlySet<InfoUnit> | null {
  const halves = new AddressHalves(addresses);
  const units = new Set<InfoUnit>();
  for (let at = 0; at < addresses.length; at++) {
    const distance = code.distance(halves.high(at), halves.low(at));
    const unit = code.isCode(distance) ? index.unitAt(distance) : null;
    if (unit === null) return null;
    units.add(unit);
  }
  return units;
}
