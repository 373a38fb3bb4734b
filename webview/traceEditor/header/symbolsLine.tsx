/** What names the addresses, or why nothing does and what to do about it. */
import type { VNode } from "preact";
import type { PageState } from "../../../src/protocol/page";
import { Button } from "../../common/controls";
import type { Model } from "../model";
import { isEventsOnly } from "../tabs";
import { fileName, sourceWords, symbolDetails, symbolRemarks } from "./facts";

export function SymbolsLine({ model, state }: SymbolsLineProps): VNode | null {
  const { firmwareProblem } = state.summary;
  if (isEventsOnly(state.summary)) return null; // no addresses to name
  return (
    <>
      <VmlinuxLine model={model} state={state} />
      {firmwareProblem !== null && (
        <p class="doubt" role="note" data-testid="firmware-problem">
          <span class="codicon codicon-warning" aria-hidden="true" />
          <span>{`${firmwareProblem.message} ${firmwareProblem.advice}`}</span>
        </p>
      )}
    </>
  );
}

interface SymbolsLineProps {
  readonly model: Model;
  readonly state: PageState & { kind: "open" };
}

function VmlinuxLine({ model, state }: SymbolsLineProps): VNode | null {
  const { symbols, symbolsProblem } = state.summary;
  const choose = (): void => model.attempt(() => model.host.request("chooseVmlinux", null));
  if (symbols !== null) {
    const isDoubtful = symbols.match.verdict === "overridden" || symbols.match.verdict === "mismatch";
    return (
      <p class={isDoubtful ? "doubt" : "symbols quiet"} data-testid="symbols">
        <span class={`codicon codicon-${isDoubtful ? "warning" : "symbol-namespace"}`} aria-hidden="true" />
        <span class="symbols-text" title={symbolDetails(symbols)}>
          {sourceWords(symbols, state.summary.named)}
          {symbols.path === null ? "inside the trace" : <span class="path">{fileName(symbols.path)}</span>}
          {symbolRemarks(symbols).map((remark) => (
            <span key={remark} class="remark">
              {remark}
            </span>
          ))}
        </span>
        <button type="button" class="link" data-testid="choose-vmlinux" onClick={choose}>
          Choose another…
        </button>
      </p>
    );
  }
  if (symbolsProblem === null) return null;
  const isMismatch = symbolsProblem.code === "wrong-symbols";
  return (
    <p class="doubt" role="note" data-testid="symbols">
      <span class="codicon codicon-warning" aria-hidden="true" />
      <span>{`${symbolsProblem.message} ${symbolsProblem.advice}`}</span>
      {state.hadNames && (
        <Button
          kind="primary"
          data-testid="names-before"
          onClick={() => model.attempt(() => model.host.request("reload", null))}
        >
          Back to the Names Before
        </Button>
      )}
      <Button data-testid="choose-vmlinux" onClick={choose}>
        {isMismatch ? "Choose Another…" : "Choose vmlinux…"}
      </Button>
      {isMismatch && (
        <Button
          data-testid="use-anyway"
          onClick={() => model.attempt(() => model.host.request("useRefusedVmlinux", null))}
        >
          Use It Anyway
        </Button>
      )}
    </p>
  );
}
