/** Search in the table of functions: unlike the filter it hides nothing, and goes from hit to hit. */
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { formatExact } from "../../../src/protocol/format";
import { Button, TextField } from "../../common/controls";
import type { Model } from "../model";
import { hitsText } from "./hits";

export function FindBar({ model }: { model: Model }): VNode {
  const field = useRef<HTMLElement>(null);
  const request = model.findRequest.value;
  // The element can be focused once it has rendered its own input.
  useEffect(() => {
    requestAnimationFrame(() => field.current?.focus());
  }, [request]);
  const hits = model.hits.value;
  const text = model.find.value ?? "";
  const close = (): void => {
    model.find.value = null;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Enter") model.goToHit(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") {
      close();
      document.querySelector<HTMLElement>("[data-testid=functions-table]")?.focus();
    } else return;
    event.preventDefault();
  };
  return (
    <div class="find" role="search" data-testid="find">
      <TextField
        class="filter"
        value={text}
        label="Find in the functions"
        placeholder="Find"
        icon="search"
        field={field}
        data-testid="find-text"
        onInput={(value) => (model.find.value = value)}
        onKeyDown={onKeyDown}
      />
      <span class="quiet" aria-live="polite" data-testid="find-count">
        {hits === null ? "" : hitsText(hits, model.focusedRow.value, formatExact)}
      </span>
      <Button kind="icon" icon="arrow-up" label="Previous (Shift+Enter)" onClick={() => model.goToHit(-1)} />
      <Button kind="icon" icon="arrow-down" label="Next (Enter)" onClick={() => model.goToHit(1)} />
      <Button kind="icon" icon="close" label="Close (Esc)" onClick={close} />
    </div>
  );
}
