/** The rows of the functions table. */
import type { InlinedInto } from "../../../src/protocol/engine";
import type { PageFunctions, PageFunctionsQuery } from "../../../src/protocol/page";
import { PagedRows } from "../../common/pagedRows";

export type RowsQuery = Omit<PageFunctionsQuery, "offset" | "limit">;

/** One function as the table shows it. Times in nanoseconds (or executions where the trace has no clock). */
export interface FunctionRow {
  readonly id: number;
  readonly name: string;
  /** Names in the symbol table of the pieces and copies that the compiler made of it. */
  readonly rawNames: readonly string[];
  readonly address: string;
  readonly category: number;
  readonly file: string | null;
  readonly line: number;
  readonly executions: number;
  readonly instructions: number;
  readonly time: number;
  readonly first: number;
  readonly note: string;
  /** Of a row for inlined code: what it was inlined into. */
  readonly inlinedInto: InlinedInto | null;
}

export class FunctionRows extends PagedRows<RowsQuery, PageFunctions, FunctionRow> {
  constructor(ask: (query: PageFunctionsQuery, signal: AbortSignal) => Promise<PageFunctions>) {
    super(ask, functionRow);
  }
}

const functionRow = (page: PageFunctions, at: number): FunctionRow => ({
  id: page.id[at],
  name: page.name[at],
  rawNames: page.rawNames[at],
  address: page.address[at],
  category: page.category[at],
  file: page.file[at],
  line: page.line[at],
  executions: page.executions[at],
  instructions: page.instructions[at],
  time: page.time[at],
  first: page.first[at],
  note: page.note[at],
  inlinedInto: page.inlinedInto[at],
});
