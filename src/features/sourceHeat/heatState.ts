/** What source heat does for a trace at the moment, in words. Pure. */
import type { TraceSummary } from "../../protocol/engine";

/** Why heat is (not) shown. */
export type HeatState =
  | { readonly kind: "on" }
  | { readonly kind: "off" }
  /** Names and lines of this trace are not known or not to be trusted. */
  | { readonly kind: "unavailable"; readonly reason: string };

/** Nothing is shown where the binary does not match the trace: lines of another build would be wrong. */
export function heatState(summary: TraceSummary, enabled: boolean): HeatState {
  const { symbols, symbolsProblem } = summary;
  if (symbols === null) {
    return { kind: "unavailable", reason: symbolsProblem?.message ?? "No vmlinux names this trace's addresses." };
  }
  if (symbols.match.verdict === "mismatch") {
    return { kind: "unavailable", reason: `The vmlinux does not belong to this trace: ${symbols.match.evidence}` };
  }
  if (!symbols.hasLines) {
    return { kind: "unavailable", reason: "The vmlinux has no line table (it was built without debug information)." };
  }
  return { kind: enabled ? "on" : "off" };
}
