import { functionsPage } from "../analysis/functionRows";
import { inlinedCosts, inlinedFirst } from "../analysis/inlinedFunctions";
import { rowCosts, totalsOf } from "../analysis/rowCosts";
import { wholeBlocks } from "../analysis/costWeights";
import { addProfile, addScan, emptyTimeline, viewEdges, type TimelineBlocks } from "../analysis/timeline";
import {
  Category,
  type FunctionsPage,
  type FunctionsQuery,
  type Metric,
  type Phase,
  type TimeRange,
  type Timeline,
  type TimelineQuery,
} from "../protocol/engine";
import { executions, instructions, nanoseconds, type Nanoseconds } from "../protocol/units";
import { countEventsOverTime } from "./eventQueries";
import type { NamedTrace } from "./namedTrace";
import type { ScannedTrace } from "./scannedTrace";
import type { TraceSession } from "./session";
import type { ReadyTrace } from "./traceNamer";

/** Ranges of at most so many chunks are read again for a timeline; others come from the profile's buckets. */
const timelineChunks = 4;
export const maximumBuckets = 4096;

/** Rows of the table of functions. */
export async function functions(
  session: TraceSession,
  query: FunctionsQuery,
  signal: AbortSignal,
): Promise<FunctionsPage> {
  const { scanned, named } = await session.ready();
  // Which rows there are depends on where they come from: then the answer has to wait for the lines.
  if (query.sort === "source" || /\b(file|dir):/.test(`${query.filter} ${query.find ?? ""}`))
    await named.loadSources(signal);
  const { revision, complete } = session;
  const costs = await scanned.costs(query.range, complete, signal);
  const { attribution } = named.rows;
  const common = { traceTotals: totalsOf(rowCosts(attribution, scanned.profile.totals)), revision, complete };
  if (query.inlined !== true) {
    const rows = { rows: attribution.rows, sources: named.sources, costs: rowCosts(attribution, costs) };
    return functionsPage({ ...common, ...rows, first: named.first, inlinedInto: () => null }, query);
  }
  const inlined = await session.inlined();
  const { rows, sources } = inlined;
  const { costs: rowTotals, into } = inlinedCosts(inlined, costs);
  const first = inlinedFirst(inlined, scanned.profile.first);
  return functionsPage({ ...common, rows, sources, costs: rowTotals, first, inlinedInto: into }, query);
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
  if (scanned.file.blocks.count === 0 && range.end > range.start) {
    values[Category.Unknown] = await countEventsOverTime(scanned, edges, signal);
    return { revision, complete, range, values };
  }
  const { metric } = query;
  await addCosts(
    values,
    scanned,
    query.range,
    edges,
    { category: named.rows.category, weights: wholeBlocks(scanned.instructions, metric) },
    metric,
    signal,
  );
  return { revision, complete, range, values };
}

/**
 * Adds costs over time to `values[category][bucket]`: exact where a range is short enough to be read again, else as the profile's
 * buckets tell them.
 *
 * @param range null: the whole trace
 * @param edges of the buckets
 */
export async function addCosts(
  values: Float64Array[],
  scanned: ScannedTrace,
  range: TimeRange | null,
  edges: Float64Array,
  blocks: TimelineBlocks,
  metric: Metric,
  signal: AbortSignal,
): Promise<void> {
  if (edges[edges.length - 1] <= edges[0]) return;
  if (range !== null && scanned.chunksIn(range).length <= timelineChunks) {
    for (const columns of await scanned.scanRange(edges, signal)) addScan(values, columns, blocks, metric);
  } else {
    addProfile(values, edges, scanned.profile, blocks, metric, scanned.duration);
  }
}

/** Phases of a trace that were asked for before, and of which revision they are. */
const knownPhases = new WeakMap<NamedTrace, { readonly revision: number; readonly phases: readonly Phase[] }>();

/** Phases of the boot with their cost. */
export async function phases(session: TraceSession, signal: AbortSignal): Promise<readonly Phase[]> {
  const ready = await session.ready();
  const { named } = ready;
  const { revision, complete } = session;
  const known = knownPhases.get(named);
  if (known?.revision === revision) return known.phases;
  const spans = named.phases;
  // One phase begins where another ends: counted from the start of the trace, each border is read once and not twice.
  const borders = [spans.at(0)?.start ?? nanoseconds(0), ...spans.map(({ end }) => end)];
  const before = await Promise.all(borders.map((border) => totalsBefore(ready, border, complete, signal)));
  const found = spans.map((span, index) => ({
    ...span,
    executions: executions(before[index + 1].executions - before[index].executions),
    instructions: instructions(before[index + 1].instructions - before[index].instructions),
  }));
  if (complete) knownPhases.set(named, { revision, phases: found });
  return found;
}

/** What was executed before a time; nothing before the start of the trace. */
async function totalsBefore(
  ready: ReadyTrace,
  time: Nanoseconds,
  complete: boolean,
  signal: AbortSignal,
): Promise<Pick<Phase, "executions" | "instructions">> {
  if (time <= 0) return { executions: executions(0), instructions: instructions(0) };
  return rangeTotals(ready, { start: nanoseconds(0), end: time }, complete, signal);
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
