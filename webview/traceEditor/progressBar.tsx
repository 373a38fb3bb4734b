/** What is being computed, how far it is, and the way to stop it. What is shown meanwhile is right for the part done. */
import type { VNode } from "preact";
import { formatBytes } from "../../src/protocol/format";
import type { PageProgress } from "../../src/protocol/page";
import type { Model } from "./model";

export function ProgressBar({ model, progress }: { model: Model; progress: PageProgress }): VNode {
  const { activity, bytesDone, bytesTotal } = progress;
  const share = bytesTotal > 0 ? Math.min(1, bytesDone / bytesTotal) : 0;
  const percent = Math.floor(share * 100);
  return (
    <div class="progress" data-testid="progress">
      <div
        class="progress-track"
        role="progressbar"
        aria-label={activity}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
      >
        <div style={{ width: `${share * 100}%` }} />
      </div>
      <span class="progress-text">
        {activity} {bytesTotal === Infinity ? formatBytes(bytesDone) : `${percent} % of ${formatBytes(bytesTotal)}`}
      </span>
      <button
        type="button"
        class="link"
        data-testid="cancel"
        onClick={() => model.attempt(() => model.host.request("stop", null))}
      >
        Cancel
      </button>
    </div>
  );
}
