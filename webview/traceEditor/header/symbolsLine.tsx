/** Which vmlinux names the addresses, or why none does and what to do about it. */
import type { VNode } from "preact";
import type { PageState } from "../../../src/protocol/page";
import { Button } from "../../common/controls";
import type { Model } from "../model";
import { isEventsOnly } from "../tabs";
import { fileName, symbolDetails, symbolRemarks } from "./facts";

export function SymbolsLine({ model, state }: { model: Model; state: PageState & { kind: "open" } }): VNode | null {
  const { symbols, symbolsProblem } = state.summary;
  if (isEventsOnly(state.summary)) return null; // no addresses to name
  const choose = (): void => model.attempt(() => model.host.request("chooseVmlinux", null));
  if (symbols !== null) {
    const isDoubtful = symbols.match.verdict === "overridden" || symbols.match.verdict === "mismatch";
    return (
      <p class={isDoubtful ? "doubt" : "symbols quiet"} data-testid="symbols">
        <span class={`codicon codicon-${isDoubtful ? "warning" : "symbol-namespace"}`} aria-hidden="true" />
        <span class="symbols-text" title={symbolDetails(symbols)}>
          {isDoubtful ? "Names may be wrong: this vmlinux does not belong to the trace. " : "Names from "}
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
