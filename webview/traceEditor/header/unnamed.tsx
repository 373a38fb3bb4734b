/** Executions without a function name, by reason. */
import type { VNode } from "preact";
import type { TraceSummary } from "../../../src/protocol/engine";
import { formatCount, formatExact, formatShare } from "../../../src/protocol/format";

export function Unnamed({ summary }: { summary: TraceSummary }): VNode {
  const sorted = [...summary.unnamed].sort((a, b) => b.executions - a.executions);
  return (
    <table class="plain-table unnamed-table" data-testid="unnamed">
      <caption class="unseen">Executions without a name</caption>
      <tbody>
        {sorted.map(({ reason, executions }) => (
          <tr key={reason}>
            <td class="numeric">{formatShare(executions, summary.executions)}</td>
            <td class="numeric" title={formatExact(executions)}>
              {formatCount(executions)} blocks
            </td>
            <td>{reason}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
