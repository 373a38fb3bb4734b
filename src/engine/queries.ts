import { functionsPage } from "../analysis/functionRows";
import { rowCosts, totalsOf } from "../analysis/rowCosts";
import { addProfile, addScan, emptyTimeline, viewEdges } from "../analysis/timeline";
import type { FunctionsPage, FunctionsQuery, Phase, TimeRange, Timeline, TimelineQuery } from "../protocol/engine";
import { executions, instructions, nanoseconds } from "../protocol/units";
import type { ReadyTrace, TraceSession } from "./session";

/** Ranges of at most so many chunks are read again for a timeline; others come from the profile's buckets. */
const timelineChunks = 4;
const maximumBuckets = 4096;

/** Rows of the table of functions. */
export async function functions(
  session: TraceSession,
  query: FunctionsQuery,
  signal: AbortSignal,
): Promise<FunctionsPage> {
  const { scanned, named } = await session.ready();
  // Which rows there are depends on where they come from: then the answer has to wait for the lines.
  if (query.sort === "source" || /\b(file|dir):/.test(query.filter)) await named.loadSources(signal);
  const { revision, complete } = session;
  const costs = await scanned.costs(query.range, complete, signal);
  const { attribution } = named.rows;
  return functionsPage(
    {
      rows: attribution.rows,
      sources: named.sources,
      costs: rowCosts(attribution, costs),
      first: named.first,
      traceTotals: totalsOf(rowCosts(attribution, scanned.profile.totals)),
      revision,
      complete,
    },
    query,
  );
}

/** Cost over time by category. */
export async function timeline(session: TraceSession, query: TimelineQuery, signal: AbortSignal): Promise<Timeline> {
  const { scanned, named } = await session.ready();
  const { revision, complete } = session;
  const whole: TimeRange = { start: nanoseconds(0), end: scanned.duration };
  const range = query.range ?? whole;
  const count = Math.max(1, Math.min(maximumBuckets, Math.floor(query.buckets)));
  const values = emptyTimeline(count);
  const edges = viewEdges(range, count);
  const blocks = { category: named.rows.category, instructions: scanned.instructions };
  if (range.end > range.start && query.range !== null && scanned.chunksIn(range).length <= timelineChunks) {
    for (const columns of await scanned.scanRange(edges, signal)) addScan(values, columns, blocks, query.metric);
  } else if (range.end > range.start) {
    addProfile(values, edges, scanned.profile, blocks, query.metric, scanned.duration);
  }
  return { revision, complete, range, values };
}

/** Phases of the boot with their cost. */
export async function phases(session: TraceSession, signal: AbortSignal): Promise<readonly Phase[]> {
  const ready = await session.ready();
  const { named } = ready;
  return Promise.all(
    named.phases.map(async ({ name, start, end, evidence }) => {
      const totals = await rangeTotals(ready, { start, end }, session.complete, signal);
      return { name, start, end, ...totals, evidence };
    }),
  );
}

async function rangeTotals(
  { scanned }: ReadyTrace,
  range: TimeRange,
  complete: boolean,
  signal: AbortSignal,
): Promise<Pick<Phase, "executions" | "instructions">> {
  const costs = await scanned.costs(range, complete, signal);
  let [allExecutions, allInstructions] = [0, 0];
  for (let block = 0; block < costs.executions.length; block++) {
    allExecutions += costs.executions[block];
    allInstructions += costs.executions[block] * scanned.instructions[block];
  }
  return { executions: executions(allExecutions), instructions: instructions(allInstructions) };
}
