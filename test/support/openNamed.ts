/** What the engine answers of a trace that is read to its end: its summary and all of its functions. */
import type { LocalEngine } from "../../src/engine/local";
import type { EngineRequests, FunctionsPage, TraceSummary } from "../../src/protocol/engine";

export interface NamedAnswers {
  readonly summary: TraceSummary;
  readonly page: FunctionsPage;
}

export async function openNamed(engine: LocalEngine, opening: EngineRequests["open"]["params"]): Promise<NamedAnswers> {
  const { trace } = await engine.request("open", opening);
  const summary = await engine.request("settled", { trace });
  const view = { sort: "executions", descending: true, filter: "", metric: "executions", offset: 0 } as const;
  const page = await engine.request("functions", { trace, range: null, ...view, limit: 1e6 });
  return { summary, page };
}

/** Executions of the rows that have a name. */
export const executionsOf = ({ page }: NamedAnswers, name: string): number =>
  page.name.reduce((sum, row, index) => (row === name ? sum + page.executions[index] : sum), 0);
