/** Says that the trace is still being written and followed, with a switch for that. */
import type { VNode } from "preact";
import type { TraceSummary } from "../../../src/protocol/engine";
import type { Model } from "../model";

export function Live({ model, follow }: { model: Model; follow: TraceSummary["follow"] }): VNode | null {
  if (follow !== "live" && follow !== "paused") return null;
  const isLive = follow === "live";
  return (
    <button
      type="button"
      class={`live ${follow}`}
      aria-pressed={isLive}
      data-testid="live"
      title={
        isLive
          ? "The file is still being written, and what comes is shown. Click to pause."
          : "The file is still being written. Click to show what came meanwhile and what comes."
      }
      onClick={() => model.attempt(() => model.host.request("pause", { paused: isLive }))}
    >
      <span class={`codicon codicon-${isLive ? "circle-filled" : "debug-pause"}`} aria-hidden="true" />
      {isLive ? "Live" : "Paused"}
      <span class="action">{isLive ? "Pause" : "Resume"}</span>
    </button>
  );
}
