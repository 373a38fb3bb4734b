import { noCosts, type BlockCosts } from "../analysis/blockProfile";
import { lineWeights, rowWeights, weightedDifference, type CostWeights } from "../analysis/costWeights";
import type { PhaseSpan } from "../analysis/phases";
import { viewEdges } from "../analysis/timeline";
import type { CostHistory, CostHistoryQuery, TimeRange } from "../protocol/engine";
import { nanoseconds } from "../protocol/units";
import type { NamedTrace } from "./namedTrace";
import { addCosts, maximumBuckets } from "./queries";
import type { ScannedTrace } from "./scannedTrace";
import type { TraceSession } from "./session";

/** When a line, or the functions that begin there, cost what; null when nothing is known of it. */
export async function costHistory(
  session: TraceSession,
  query: CostHistoryQuery,
  signal: AbortSignal,
): Promise<CostHistory | null> {
  const { scanned, named } = await session.ready();
  const { revision, complete } = session;
  const weights = await weightsOf(named, scanned, query);
  if (weights === null) return null;
  const range = query.range ?? { start: nanoseconds(0), end: scanned.duration };
  const edges = viewEdges(range, Math.max(1, Math.min(maximumBuckets, Math.floor(query.buckets))));
  const values = new Float64Array(edges.length - 1);
  const category = new Uint8Array(weights.length);
  await addCosts([values], scanned, query.range, edges, { category, weights }, query.metric, signal);
  const spans = phasesIn(named.phases, range);
  const sums = await sumsAtBorders(scanned, spans, complete, signal);
  const phases = spans
    .map(({ name }, index) => ({
      name,
      cost: weightedDifference(sums[index], sums[index + 1], weights, query.metric),
    }))
    .filter(({ cost }) => cost > 0);
  return { revision, range, values, phases };
}

async function weightsOf(
  named: NamedTrace,
  scanned: ScannedTrace,
  { of, file, line, metric }: CostHistoryQuery,
): Promise<CostWeights | null> {
  const lines = await named.lineAttribution();
  const number = lines?.files.indexOf(file) ?? -1;
  if (lines === null || number < 0) return null;
  if (of === "line") return lineWeights(lines, scanned.file.blocks, number, line, metric);
  const { rows, sources } = named;
  const own = [...rows.attribution.rows.keys()].filter(
    (row) => sources.file[row] === file && sources.line[row] === line,
  );
  return own.length === 0 ? null : rowWeights(rows.attribution, new Set(own), metric);
}

/** What lies of the phases in a range. */
const phasesIn = (phases: readonly PhaseSpan[], range: TimeRange): PhaseSpan[] =>
  phases.flatMap((phase) => {
    const start = nanoseconds(Math.max(phase.start, range.start));
    const end = nanoseconds(Math.min(phase.end, range.end));
    return end > start ? [{ ...phase, start, end }] : [];
  });

/** Sums at the borders of the phases that were asked for last: hovers ask for the same again and again. */
const knownSums = new WeakMap<ScannedTrace, { readonly key: string; readonly sums: readonly BlockCosts[] }>();

/** What each block cost from the start of the first phase to that of each, and to the end of the last one. */
async function sumsAtBorders(
  scanned: ScannedTrace,
  spans: readonly PhaseSpan[],
  complete: boolean,
  signal: AbortSignal,
): Promise<readonly BlockCosts[]> {
  if (spans.length === 0) return [];
  const { start } = spans[0];
  const borders = [start, ...spans.map(({ end }) => end)];
  const key = borders.join(" ");
  const known = knownSums.get(scanned);
  if (known?.key === key) return known.sums;
  const none = noCosts(scanned.file.blocks.count);
  const sums = await Promise.all(
    borders.map((end) => (end > start ? scanned.costs({ start, end }, complete, signal) : Promise.resolve(none))),
  );
  if (complete) knownSums.set(scanned, { key, sums });
  return sums;
}
