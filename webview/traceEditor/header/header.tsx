/** What the trace is and how far it can be trusted. */
import type { VNode } from "preact";
import type { TraceSummary } from "../../../src/protocol/engine";
import { formatCount, formatDuration, formatExact, formatPercent } from "../../../src/protocol/format";
import type { PageState } from "../../../src/protocol/page";
import { Button } from "../../common/controls";
import type { Model } from "../model";
import { doubt, fileName, identity, isLacking } from "./facts";
import { isEventsOnly } from "../tabs";
import { Live } from "./live";
import { LongText } from "./longText";
import { SymbolsLine } from "./symbolsLine";
import { Unnamed } from "./unnamed";
import "./header.css";

function Totals({ model, summary }: { model: Model; summary: TraceSummary }): VNode {
  const named = summary.executions > 0 ? summary.named / summary.executions : 0;
  const shown = model.unnamedShown.value;
  const doubtful = doubt(summary) !== null;
  const eventsOnly = isEventsOnly(summary);
  const isRead = summary.executions > 0 || summary.complete;
  return (
    <p class="totals" data-testid="totals">
      {eventsOnly ? null : isRead ? (
        <span
          title={`${formatExact(summary.executions)} blocks executed, ${formatExact(summary.distinctBlocks)} different ones`}
        >
          {formatCount(summary.executions)} blocks
        </span>
      ) : (
        <span>{summary.follow === "live" ? "nothing in it yet" : "reading…"}</span>
      )}
      {isRead && summary.instructionsCounted && (
        <span title={formatExact(summary.instructions)}>{formatCount(summary.instructions)} instructions</span>
      )}
      {summary.events > 0 && (
        <span title={`${formatExact(summary.events)} trace events`} data-testid="event-total">
          {formatCount(summary.events)} events
        </span>
      )}
      {summary.clock === "host" && (
        <span title={`${formatExact(summary.duration)} ns on the host`}>
          {formatDuration(summary.duration)} host time
        </span>
      )}
      {!doubtful && summary.complete && (
        <span title={eventsOnly ? "Every event is there" : "Every executed block is there, in order"}>complete</span>
      )}
      {summary.symbols !== null && summary.executions > 0 && (
        <span data-testid="named">
          {formatPercent(named)} named
          {summary.named < summary.executions && (
            <>
              {" "}
              <button
                type="button"
                class="link"
                aria-expanded={shown}
                data-testid="why-unnamed"
                onClick={() => (model.unnamedShown.value = !shown)}
              >
                {shown ? "hide the rest" : "why not the rest?"}
              </button>
            </>
          )}
        </span>
      )}
    </p>
  );
}

export function Header({ model, state }: { model: Model; state: PageState & { kind: "open" } }): VNode {
  const { summary } = state;
  const doubtful = doubt(summary);
  return (
    <header class="header" data-testid="header">
      <p class="identity">
        <span class="file">
          <strong title={summary.path}>{fileName(summary.path)}</strong>
          <Live model={model} follow={summary.follow} />
        </span>
        {identity(summary).map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
      </p>
      <Totals model={model} summary={summary} />
      {doubtful !== null && (
        <p class="doubt" role="note" data-testid="trust">
          <span class={`codicon codicon-${isLacking(summary) ? "warning" : "info"}`} aria-hidden="true" />
          <LongText text={doubtful} />
          {state.canRecord && isLacking(summary) && (
            <Button
              kind="secondary"
              icon="record"
              onClick={() => model.attempt(() => model.host.request("recordAgain", null))}
            >
              Record Again
            </Button>
          )}
        </p>
      )}
      <SymbolsLine model={model} state={state} />
      {model.unnamedShown.value && summary.named < summary.executions && <Unnamed summary={summary} />}
    </header>
  );
}
