/** How many events there are of each name; a click or Enter leaves only those of one name in the list of events. */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { EventNames } from "../../../src/protocol/engine";
import { formatCount, formatExact } from "../../../src/protocol/format";
import { firstRow } from "../../common/rowSelection";
import { VirtualTable, type Column } from "../../common/virtualTable";

interface NameRow {
  readonly name: string;
  readonly count: number;
}

export function EventNamesList({
  names,
  picked,
  onPick,
}: {
  /** Null: not counted yet. */
  readonly names: EventNames | null;
  readonly picked: string | null;
  readonly onPick: (name: string) => void;
}): VNode {
  const [selection, setSelection] = useState(firstRow);
  const [topRow, setTopRow] = useState(0);
  const rows = names?.name.length ?? 0;
  const focus = Math.min(selection.focus, Math.max(0, rows - 1));
  const columns: readonly Column<keyof NameRow>[] = [
    {
      id: "name",
      label: names === null ? "Name" : `${formatExact(rows)} ${rows === 1 ? "name" : "names"}`,
      hint: "Click a name for its events only, again for all",
    },
    { id: "count", label: "Events", hint: "Events of this name in the selected range", numeric: true },
  ];
  return (
    <div class="event-names">
      <VirtualTable<keyof NameRow, NameRow>
        id="event-names"
        label="Names of events"
        columns={columns}
        rows={rows}
        row={(index) =>
          names === null || index >= rows ? undefined : { name: names.name[index], count: names.count[index] }
        }
        cell={({ name, count }, column) =>
          column === "count" ? (
            <span title={formatExact(count)}>{formatCount(count)}</span>
          ) : (
            <span title={name}>
              {name === picked && <span class="codicon codicon-filter-filled" role="img" aria-label="Only these: " />}
              {name}
            </span>
          )
        }
        rowClass={({ name }) => (name === picked ? "picked" : "")}
        selection={{ focus, anchor: focus }}
        onSelect={setSelection}
        onOpen={({ name }) => onPick(name)}
        opensByClick
        topRow={topRow}
        onTopRow={setTopRow}
      />
    </div>
  );
}
