/** Starts the trace editor's page. */
import { createRef, render } from "preact";
import "../common/base.css";
import { registerControls } from "../common/controls";
import { watchTheme } from "../common/theme";
import { App } from "./app";
import { Model } from "./model";
import { listenToKeys } from "./pageKeys";

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no root element");

registerControls();
watchTheme();
const model = new Model();
const filterField = createRef<HTMLElement>();

const report = (what: unknown): void => {
  model.host.send("error", { text: what instanceof Error ? (what.stack ?? what.message) : String(what) });
};
window.addEventListener("error", (event) => report(event.error ?? event.message));
window.addEventListener("unhandledrejection", (event) => report(event.reason));

listenToKeys(model, () => {
  if (model.tab.value === "phases") model.select({ tab: "functions" });
  // The view with the field may yet have to be rendered.
  requestAnimationFrame(() => filterField.current?.focus());
});
render(<App model={model} filterField={filterField} />, root);
model.attempt(() => model.start());
