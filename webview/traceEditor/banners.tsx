/** Lines across the page that say what happened: to the file, or to what a person asked for. */
import type { VNode } from "preact";
import type { FileChange } from "../../src/protocol/page";
import { Button } from "../common/controls";
import type { Model } from "./model";

export function FileBanner({
  model,
  change,
  isLost,
}: {
  model: Model;
  change: FileChange;
  /** It was followed until then. */
  isLost: boolean;
}): VNode {
  return (
    <p class="banner" role="status" data-testid="file-banner">
      <span class="codicon codicon-info" aria-hidden="true" />
      <span>
        {change === "deleted"
          ? "The file was deleted or moved. What is shown is what was read of it."
          : "The file changed on disk. What is shown is its earlier content."}
      </span>
      {change === "changed" && (
        <Button data-testid="reload" onClick={() => model.attempt(() => model.host.request("reload", null))}>
          {isLost ? "Open Again" : "Reload"}
        </Button>
      )}
    </p>
  );
}

/** An error stays until dismissed; a piece of news floats over the page for a moment and moves nothing. */
export function MessageBanner({ model }: { model: Model }): VNode | null {
  const message = model.message.value;
  if (message === null) return null;
  if (message.kind === "info") {
    return (
      <p class="toast" role="status" data-testid="message">
        {message.text}
      </p>
    );
  }
  return (
    <p class="banner error" role="alert" data-testid="message">
      <span class="codicon codicon-error" aria-hidden="true" />
      <span>{message.text}</span>
      <Button kind="icon" icon="close" label="Dismiss" onClick={() => (model.message.value = null)} />
    </p>
  );
}
