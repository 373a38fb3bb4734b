/** The page as a whole: what is shown in each state of the trace. */
import type { RefObject, VNode } from "preact";
import type { Failure } from "../../src/protocol/failure";
import type { PageTab } from "../../src/protocol/page";
import { Button, ProgressRing, Tabs } from "../common/controls";
import { FileBanner, MessageBanner } from "./banners";
import { EventsView } from "./events/eventsView";
import { FunctionsView } from "./functions/functionsView";
import { Header } from "./header/header";
import { KeysHelp } from "./keysHelp";
import type { Model } from "./model";
import { Overview } from "./overview/overview";
import { PhasesTable } from "./phasesTable";
import { ProgressBar } from "./progressBar";
import { isEventsOnly } from "./tabs";

const tabs: readonly { id: PageTab; label: string }[] = [
  { id: "functions", label: "Functions" },
  { id: "phases", label: "Phases" },
  { id: "events", label: "Events" },
];

function FailedPage({ model, failure }: { model: Model; failure: Failure }): VNode {
  const isCancelled = failure.code === "cancelled";
  return (
    <main class="whole-page" role="alert" data-testid="failed">
      <span class={`codicon codicon-${isCancelled ? "circle-slash" : "error"}`} aria-hidden="true" />
      <p>{failure.message}</p>
      {failure.advice !== "" && <p class="quiet">{failure.advice}</p>}
      <Button
        kind="primary"
        data-testid="reload"
        onClick={() => model.attempt(() => model.host.request("reload", null))}
      >
        {failure.code === "engine-died" ? "Restart" : isCancelled ? "Import Again" : "Try Again"}
      </Button>
    </main>
  );
}

export function App({ model, filterField }: { model: Model; filterField: RefObject<HTMLElement> }): VNode {
  const state = model.state.value;
  if (state.kind === "failed") return <FailedPage model={model} failure={state.failure} />;
  if (state.kind === "opening" || !model.restored.value) {
    return (
      <main class="whole-page" data-testid="opening">
        <ProgressRing />
        <p>Opening the trace…</p>
        <p class="quiet late">Its blocks and the names of the vmlinux are being read.</p>
      </main>
    );
  }
  const tab = model.tab.value;
  const shown = tabs.filter(({ id }) => model.tabs.value.includes(id));
  return (
    <main class="page" data-testid="page" data-complete={state.summary.complete}>
      {state.fileChange !== null && (
        <FileBanner model={model} change={state.fileChange} isLost={state.summary.follow === "lost"} />
      )}
      <MessageBanner model={model} />
      <Header model={model} state={state} />
      {/* Events without times are all at one moment. */}
      {(!isEventsOnly(state.summary) || state.summary.duration > 0) && (
        <Overview model={model} summary={state.summary} phases={model.phases.value.value ?? []}>
          {state.progress !== null && <ProgressBar model={model} progress={state.progress} />}
        </Overview>
      )}
      <Tabs active={tab} tabs={shown} label="Views" onChange={(chosen) => model.select({ tab: chosen })}>
        {tab === "functions" ? (
          <FunctionsView model={model} summary={state.summary} filterField={filterField} />
        ) : tab === "events" ? (
          <EventsView model={model} summary={state.summary} filterField={filterField} />
        ) : (
          <PhasesTable model={model} summary={state.summary} />
        )}
      </Tabs>
      {model.keysShown.value && <KeysHelp model={model} />}
    </main>
  );
}
