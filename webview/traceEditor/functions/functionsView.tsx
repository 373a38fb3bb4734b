/** The functions of the selected range: filter, metric, table, copy and save. */
import type { RefObject, VNode } from "preact";
import type { Metric, TraceSummary } from "../../../src/protocol/engine";
import { formatExact, formatShare } from "../../../src/protocol/format";
import { Button, Checkbox, Dropdown } from "../../common/controls";
import { FilterField } from "../../common/filterField";
import { Menu } from "../../common/menu";
import { useRowSelection } from "../../common/useRowSelection";
import { useWidth } from "../../common/useWidth";
import { VirtualTable } from "../../common/virtualTable";
import type { Model } from "../model";
import { FindBar } from "./findBar";
import { cell, definitions, metricLabels, type CellContext, type TableColumn } from "./functionColumns";
import type { FunctionRow } from "./functionRows";
import { availableMetrics, tableLayout } from "./tableLayout";
import "./functions.css";

function open(model: Model, { name, file, line }: FunctionRow): void {
  if (file === null) model.tell(`No source line is known for ${name}.`);
  else model.attempt(() => model.host.request("openSource", { file, line: Math.max(1, line) }));
}

function copy(model: Model, offset: number, limit: number): void {
  model.attempt(async () => {
    const copied = await model.host.request("copyRows", { ...model.rowsQuery.value, offset, limit });
    model.tell(`${formatExact(copied)} ${copied === 1 ? "row" : "rows"} copied.`);
  });
}

function save(model: Model, format: "csv" | "json"): void {
  model.attempt(async () => {
    const query = { ...model.rowsQuery.value, offset: 0, limit: Number.MAX_SAFE_INTEGER };
    const path = await model.host.request("saveRows", { query, format });
    if (path !== null) model.tell(`Saved to ${path}.`);
  });
}

/** The toolbar's width from which its labels are written out, in pixels. */
const roomForWords = 760;

function Toolbar({
  model,
  summary,
  filterField,
  width,
}: {
  model: Model;
  summary: TraceSummary;
  filterField: RefObject<HTMLElement>;
  /** In pixels. */
  width: number;
}): VNode {
  const metric = model.metric.value;
  const { filter } = model.selection.value;
  const metricOptions = availableMetrics(summary).map((value) => ({ value, label: metricLabels[value] }));
  const head = model.rows.head.value;
  const onMetric = (chosen: Metric): void => {
    // A table sorted by the metric stays sorted by the metric.
    if (model.rowsQuery.value.sort === metric) model.sort.value = { column: chosen, descending: true };
    model.select({ metric: chosen });
  };
  return (
    <div class="toolbar">
      <Dropdown value={metric} options={metricOptions} label="Metric" data-testid="metric" onChange={onMetric} />
      <FilterField
        value={filter}
        label="Filter functions"
        placeholder="Filter: name, file:, dir:, module:, >1%"
        field={filterField}
        table="functions-table"
        testId="filter"
        onInput={(value) => model.select({ filter: value })}
      />
      <span class="quiet count" aria-live="polite" data-testid="row-count">
        {head === null
          ? ""
          : filter === ""
            ? `${formatExact(head.executed)} ${head.executed === 1 ? "function" : "functions"}`
            : `${formatExact(head.matched)} of ${formatExact(head.executed)} · ${formatShare(head.matchedTotals[metric], head.rangeTotals[metric])}`}
      </span>
      {model.knowsInlined.value && (
        <Checkbox
          checked={model.inlined.value}
          title="Count inlined code for the function that was inlined, not for the one around it"
          data-testid="inlined"
          onChange={(checked) => (model.inlined.value = checked)}
        >
          {width < roomForWords ? "Inlined" : "Inlined functions"}
        </Checkbox>
      )}
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
function NoRows({ model, summary }: { model: Model; summary: TraceSummary }): VNode {
  const { filter, range } = model.selection.value;
  if (filter !== "") {
    return (
      <div class="empty" data-testid="empty">
        <p>No function matches “{filter}”.</p>
        <Button onClick={() => model.select({ filter: "" })}>Clear Filter</Button>
      </div>
    );
  }
  if (range !== null) {
    return (
      <div class="empty" data-testid="empty">
        <p>Nothing was executed in the selected range.</p>
        <Button onClick={() => model.select({ range: null })}>Show the Whole Trace</Button>
      </div>
    );
  }
  return (
    <div class="empty" data-testid="empty">
      <p>{summary.complete ? "The trace holds no executions." : "Nothing has been read yet."}</p>
    </div>
  );
}

export function FunctionsView({
  model,
  summary,
  filterField,
}: {
  model: Model;
  summary: TraceSummary;
  filterField: RefObject<HTMLElement>;
}): VNode {
  const metric = model.metric.value;
  const head = model.rows.head.value;
  const [attach, width] = useWidth();
  const layout = tableLayout(width, metric, summary);
  const failure = model.rows.failure.value;
  const { selection, onSelect } = useRowSelection(model.focusedRow, head?.matched ?? 1);
  const context: CellContext | null =
    head === null
      ? null
      : {
          metric,
          clock: summary.clock,
          range: head.rangeTotals,
          trace: head.traceTotals,
          largest: head.rangeLargest,
          sourceRoots: head.sourceRoots,
          open: (row) => open(model, row),
        };
  const { sort, descending } = model.rowsQuery.value;
  return (
    <div class="functions" ref={attach} style={{ "--columns": layout.template }} data-testid="functions">
      <Toolbar model={model} summary={summary} filterField={filterField} width={width} />
      {model.find.value !== null && <FindBar model={model} />}
      {failure !== null && <p class="failure">{`${failure.message} ${failure.advice}`}</p>}
      {head?.matched === 0 ? (
        <NoRows model={model} summary={summary} />
      ) : (
        <VirtualTable<TableColumn, FunctionRow>
          id="functions-table"
          label="Functions"
          columns={definitions(layout.columns, metric)}
          sort={{ column: sort === metric ? "self" : sort, descending }}
          onSort={(column) => model.sortBy(column === "self" ? metric : column)}
          rows={head?.matched ?? 0}
          row={(index) => model.rows.row(index)}
          cell={(row, column) => (context === null ? "" : cell(row, column, context))}
          rowClass={(row) => (row.note === "" ? "" : "unnamed")}
          selection={selection}
          onSelect={onSelect}
          onOpen={(row) => open(model, row)}
          onCopy={(first, count) => copy(model, first, count)}
          onWindow={(first, end) => model.rows.show(first, end)}
          topRow={model.topRow.value}
          onTopRow={(row) => (model.topRow.value = row)}
          shownRow={model.foundRow.value}
        />
      )}
    </div>
  );
}
