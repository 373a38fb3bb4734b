/** The trace events of the selected range: how many there are of each name, and the list of them. */
import type { RefObject, VNode } from "preact";
import type { TraceSummary } from "../../../src/protocol/engine";
import { formatExact } from "../../../src/protocol/format";
import { Button } from "../../common/controls";
import { FilterField } from "../../common/filterField";
import { Menu } from "../../common/menu";
import { useRowSelection } from "../../common/useRowSelection";
import { VirtualTable } from "../../common/virtualTable";
import type { Model } from "../model";
import { cell, eventColumns, type EventColumn } from "./eventColumns";
import { EventNamesList } from "./eventNamesList";
import type { EventRow } from "./eventRows";
import { pickedName, withPickedName } from "./pickedName";
import "./events.css";

function copy(model: Model, offset: number, limit: number): void {
  model.attempt(async () => {
    const copied = await model.host.request("copyEvents", { ...model.eventsQuery.value, offset, limit });
    model.tell(`${formatExact(copied)} ${copied === 1 ? "event" : "events"} copied.`);
  });
}

function save(model: Model, format: "csv" | "json"): void {
  model.attempt(async () => {
    const path = await model.host.request("saveEvents", { query: model.eventsQuery.value, format });
    if (path !== null) model.tell(`Saved to ${path}.`);
  });
}

function Toolbar({ model, filterField }: { model: Model; filterField: RefObject<HTMLElement> }): VNode {
  const { eventFilter } = model.selection.value;
  const matched = model.events.head.value?.matched;
  return (
    <div class="toolbar">
      <FilterField
        value={eventFilter}
        label="Filter events"
        placeholder="Filter: word, name:virtio*, sector>=0x1000"
        field={filterField}
        table="events-table"
        testId="event-filter"
        onInput={(value) => model.select({ eventFilter: value })}
      />
      <span class="quiet count" aria-live="polite" data-testid="event-count">
        {matched === undefined ? "" : `${formatExact(matched)} ${matched === 1 ? "event" : "events"}`}
      </span>
      <Menu
        label="Export"
        icon="export"
        items={[
          { label: "Copy All Rows", run: () => copy(model, 0, Number.MAX_SAFE_INTEGER) },
          { label: "Save as CSV…", run: () => save(model, "csv") },
          { label: "Save as JSON…", run: () => save(model, "json") },
        ]}
      />
      <Button kind="icon" icon="question" label="Keys (?)" onClick={() => (model.keysShown.value = true)} />
    </div>
  );
}

/** Says why there is nothing, and what to do. */
function NoEvents({ model }: { model: Model }): VNode {
  const { eventFilter, range } = model.selection.value;
  return (
    <div class="empty" data-testid="empty">
      {eventFilter !== "" ? (
        <>
          <p>
            No event {range === null ? "" : "in the selected range "}matches “{eventFilter}”.
          </p>
          <p class="quiet">
            A word matches names and arguments, a pattern such as virtio_* whole names, and sector&gt;=0x1000 compares
            the argument of that name.
          </p>
          <Button onClick={() => model.select({ eventFilter: "" })}>Clear Filter</Button>
        </>
      ) : (
        <>
          <p>There is no event in the selected range.</p>
          <Button onClick={() => model.select({ range: null })}>Show the Whole Trace</Button>
        </>
      )}
    </div>
  );
}

export function EventsView({
  model,
  summary,
  filterField,
}: {
  model: Model;
  summary: TraceSummary;
  filterField: RefObject<HTMLElement>;
}): VNode {
  const head = model.events.head.value;
  const failure = model.events.failure.value ?? model.eventNames.failure.value;
  const rows = head?.matched ?? 0;
  const { selection, onSelect } = useRowSelection(model.focusedEvent, rows);
  const { eventFilter } = model.selection.value;
  const picked = pickedName(eventFilter);
  return (
    <div class="events" data-testid="events">
      <Toolbar model={model} filterField={filterField} />
      {failure !== null && <p class="failure">{`${failure.message} ${failure.advice}`}</p>}
      {head !== null && head.undescribed !== null && (
        <p class="quiet nameless" role="note" data-testid="nameless">
          No trace-events file describes {head.undescribed}: its arguments have no names. Put the trace-events-all of
          the QEMU that wrote the trace beside it, or name it in the setting bootscope.traceEvents.descriptions.
        </p>
      )}
      <div class="events-split">
        <EventNamesList
          names={model.eventNames.value.value}
          picked={picked}
          onPick={(name) => model.select({ eventFilter: withPickedName(eventFilter, name === picked ? null : name) })}
        />
        {head?.matched === 0 ? (
          <NoEvents model={model} />
        ) : (
          <VirtualTable<EventColumn, EventRow>
            id="events-table"
            label="Events"
            columns={eventColumns(summary.clock, head?.threads ?? "thread")}
            rows={rows}
            row={(index) => model.events.row(index)}
            cell={(row, column) => cell(row, column, summary.clock)}
            rowClass={() => ""}
            selection={selection}
            onSelect={onSelect}
            onOpen={({ name }) => model.select({ eventFilter: withPickedName(eventFilter, name) })}
            onCopy={(first, count) => copy(model, first, count)}
            onWindow={(first, end) => model.events.show(first, end)}
            topRow={model.topEvent.value}
            onTopRow={(row) => (model.topEvent.value = row)}
          />
        )}
      </div>
    </div>
  );
}
