/** What the progress notification says about a running recording. */
import { formatBytes, formatCount } from "../../protocol/format";

/** The recording as seen at one moment. */
export interface Sample {
  /** Milliseconds of any steady clock. */
  readonly at: number;
  readonly executions: number;
  readonly fileBytes: number;
}

/** Milliseconds over which speed is measured: the recorder counts in steps of a chunk. */
const window = 3000;

/** The samples that speed is measured from: those of the last seconds and one that is older. */
export function recentSamples(samples: readonly Sample[], current: Sample): Sample[] {
  const lastOld = samples.findLastIndex(({ at }) => at <= current.at - window);
  return [...samples.slice(Math.max(lastOld, 0)), current];
}

/**
 * Speed, elapsed time and file size: `62.1 M blocks/s · 4.2 s · 31.0 MB`. Speed is that between the first and the last of
 * the samples, or since the start when there is one only; before the guest's first block there is none to tell.
 */
export function progressText(startedAt: number, samples: readonly Sample[]): string {
  const current = samples[samples.length - 1];
  const elapsed = `${((current.at - startedAt) / 1000).toFixed(1)} s`;
  if (current.executions === 0) return `waiting for the guest · ${elapsed}`;
  const since = samples.length > 1 ? samples[0] : { at: startedAt, executions: 0 };
  const seconds = (current.at - since.at) / 1000;
  const rate = seconds > 0 ? (current.executions - since.executions) / seconds : 0;
  return `${formatCount(rate)} blocks/s · ${elapsed} · ${formatBytes(current.fileBytes)}`;
}
