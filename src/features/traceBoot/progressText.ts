/** What the progress notification says about a running recording. */
import { formatBytes, formatCount } from "../../protocol/format";

/** The recording as seen at one moment. */
export interface Sample {
  /** Milliseconds of any steady clock. */
  readonly at: number;
  readonly executions: number;
  readonly fileBytes: number;
}

/**
 * Speed, elapsed time and file size: `62.1 M blocks/s · 4.2 s · 31.0 MB`. Speed is that since the previous sample; before
 * the guest's first block there is none to tell.
 */
export function progressText(startedAt: number, previous: Sample | undefined, current: Sample): string {
  const elapsed = `${((current.at - startedAt) / 1000).toFixed(1)} s`;
  if (current.executions === 0) return `waiting for the guest · ${elapsed}`;
  const since = previous ?? { at: startedAt, executions: 0 };
  const seconds = (current.at - since.at) / 1000;
  const rate = seconds > 0 ? (current.executions - since.executions) / seconds : 0;
  return `${formatCount(rate)} blocks/s · ${elapsed} · ${formatBytes(current.fileBytes)}`;
}
