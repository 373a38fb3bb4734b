/** Keys that work wherever the focus is in the page. */
import { isCommand } from "../common/keys";
import type { Model } from "./model";

/** Whether keys go into a text at the moment. */
const isTyping = (event: KeyboardEvent): boolean =>
  event.composedPath().some((target) => target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement);

/** Whether the page did something with the key. */
function take(event: KeyboardEvent, model: Model, focusFilter: () => void): boolean {
  if (event.altKey) {
    if (event.key === "ArrowLeft") model.back();
    else if (event.key === "ArrowRight") model.forward();
    else return false;
    return true;
  }
  if (isCommand(event, "f")) {
    if (model.tab.value === "events") focusFilter();
    else model.openFind();
    return true;
  }
  if (event.ctrlKey || event.metaKey) return false;
  if (event.key === "Escape") return model.stepOut();
  if (event.key === "F3" && model.find.value !== null) {
    model.goToHit(event.shiftKey ? -1 : 1);
    return true;
  }
  if (isTyping(event)) return false;
  const tab = /^[1-9]$/.test(event.key) ? model.tabs.value.at(Number(event.key) - 1) : undefined;
  if (event.key === "/") focusFilter();
  else if (event.key === "?") model.keysShown.value = true;
  else if (tab !== undefined) model.select({ tab });
  else return false;
  return true;
}

/** Listens for as long as the page lives. */
export function listenToKeys(model: Model, focusFilter: () => void): void {
  document.addEventListener("keydown", (event) => {
    if (model.keysShown.value) return;
    if (!event.defaultPrevented && !take(event, model, focusFilter)) return;
    event.preventDefault();
    // VS Code listens at the window and runs its own command for every key that arrives there, e.g. Go Back for Alt+Left.
    event.stopPropagation();
  });
}
