/** Function rows as text for other programs: exact numbers, one row per function. */
import { csvField, tsvField } from "../../protocol/delimited";
import { categoryNames, type FunctionsPage, type InlinedInto } from "../../protocol/engine";
import { formatAddress, guestAddress } from "../../protocol/units";

/** One function; times in nanoseconds (or execution numbers where the trace has no clock). */
export interface ExportedRow {
  readonly function: string;
  readonly address: string;
  readonly category: string;
  readonly executions: number;
  readonly instructions: number;
  readonly timeNs: number;
  readonly firstNs: number;
  readonly file: string;
  readonly line: number;
  readonly note: string;
  /** Of inlined code: the functions that it is part of, most expensive first. */
  readonly inlinedInto: string;
  /** Names in the symbol table of the pieces and copies that the compiler made of it. */
  readonly rawNames: string;
}

const columns = [
  "function",
  "address",
  "category",
  "executions",
  "instructions",
  "timeNs",
  "firstNs",
  "file",
  "line",
  "note",
  "inlinedInto",
  "rawNames",
] as const satisfies readonly (keyof ExportedRow)[];

function hosts(into: InlinedInto | null): string {
  if (into === null) return "";
  const others = into.count - into.functions.length;
  return [...into.functions, ...(others > 0 ? [`${others} others`] : [])].join(" ");
}

export function exportedRows(page: FunctionsPage): ExportedRow[] {
  return page.name.map((name, row) => ({
    function: name,
    address: `0x${formatAddress(guestAddress(page.address[row]))}`,
    category: categoryNames[page.category[row]] ?? "unknown",
    executions: page.executions[row],
    instructions: page.instructions[row],
    timeNs: Math.round(page.time[row]),
    firstNs: Math.round(page.first[row]),
    file: page.file[row] ?? "",
    line: page.line[row],
    note: page.note[row],
    inlinedInto: hosts(page.inlinedInto[row]),
    rawNames: page.rawNames[row].join(" "),
  }));
}

const table = (rows: readonly ExportedRow[], separator: string, field: (value: string) => string): string =>
  [columns.join(separator), ...rows.map((row) => columns.map((name) => field(String(row[name]))).join(separator))].join(
    "\n",
  ) + "\n";

export const toTsv = (rows: readonly ExportedRow[]): string => table(rows, "\t", tsvField);

export const toCsv = (rows: readonly ExportedRow[]): string => table(rows, ",", csvField);

export const toJson = (rows: readonly ExportedRow[]): string => `${JSON.stringify(rows, null, 2)}\n`;
