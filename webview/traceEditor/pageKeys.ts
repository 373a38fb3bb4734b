/** Keys that work wherever the focus is in the page. */
import { pageTabs } from "../../src/protocol/page";
import type { Model } from "./model";

/** Whether keys go into a text at the moment. */
const isTyping = (event: KeyboardEvent): boolean =>
  event.composedPath().some((target) => target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement);

/** Listens for as long as the page lives. */
export function listenToKeys(model: Model, focusFilter: () => void): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || model.keysShown.value) return;
    if (event.altKey) {
      if (event.key === "ArrowLeft") model.back();
      else if (event.key === "ArrowRight") model.forward();
      else return;
      event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape") {
      if (model.stepOut()) event.preventDefault();
      return;
    }
    if (isTyping(event)) return;
    const tab = /^[1-9]$/.test(event.key) ? pageTabs.at(Number(event.key) - 1) : undefined;
    if (event.key === "/") focusFilter();
    else if (event.key === "?") model.keysShown.value = true;
    else if (tab !== undefined) model.select({ tab });
    else return;
    event.preventDefault();
  });
}
