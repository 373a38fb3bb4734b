/** A table of any number of rows, of which only the visible ones are elements. Operated by keys like VS Code's lists. */
import type { ComponentChildren, VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { isCommand } from "./keys";
import {
  isSelected,
  moveRow,
  rowMoveOf,
  selectedCount,
  selectedFirst,
  selectRow,
  type RowSelection,
} from "./rowSelection";
import {
  contentHeight,
  rowWindow,
  scrollTopOf,
  scrollTopToShow,
  topRowAt,
  visibleRows,
  type RowGeometry,
} from "./virtualRows";
import "./virtualTable.css";

export interface Column<Id extends string> {
  readonly id: Id;
  readonly label: string;
  /** What the column says, for its tooltip. */
  readonly hint: string;
  readonly numeric?: boolean;
}

interface Props<Id extends string, Row> {
  /** Of the element; tests find it by this too. */
  readonly id: string;
  readonly label: string;
  readonly columns: readonly Column<Id>[];
  /** The column that the rows are in order of. Absent: the order cannot be changed. */
  readonly sort?: { readonly column: Id; readonly descending: boolean };
  readonly onSort?: (column: Id) => void;
  readonly rows: number;
  readonly row: (index: number) => Row | undefined;
  readonly cell: (row: Row, column: Id) => ComponentChildren;
  readonly rowClass: (row: Row) => string;
  readonly selection: RowSelection;
  readonly onSelect: (selection: RowSelection) => void;
  /** Enter or a double click; with `opensByClick` one click. */
  readonly onOpen: (row: Row) => void;
  readonly opensByClick?: boolean;
  /** Ctrl+C: which rows to copy. Absent: rows cannot be copied. */
  readonly onCopy?: (first: number, count: number) => void;
  /** Told when other rows become visible. */
  readonly onWindow?: (first: number, end: number) => void;
  readonly topRow: number;
  readonly onTopRow: (row: number) => void;
  /** A row that is brought into view when it becomes another one. */
  readonly shownRow?: number | null;
}

const rowHeight = 22;
/** Of the headings, which stay above the rows that scroll. */
const headHeight = 26;

function Heading<Id extends string>({
  column: { id, label, hint, numeric },
  sort,
  onSort,
}: {
  readonly column: Column<Id>;
  readonly sort: Props<Id, never>["sort"] | undefined;
  readonly onSort: Props<Id, never>["onSort"] | undefined;
}): VNode {
  const isSorted = sort?.column === id;
  const order = isSorted ? (sort.descending ? "descending" : "ascending") : "none";
  const common = { role: "columnheader", title: hint, "data-testid": `sort-${id}` } as const;
  const look = `table-cell col-${id} ${numeric === true ? "numeric" : ""}`;
  if (onSort === undefined) {
    return (
      <div {...common} class={look}>
        {label}
      </div>
    );
  }
  return (
    <div
      {...common}
      class={`${look} sortable`}
      aria-sort={order}
      tabIndex={0}
      onClick={() => onSort(id)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        event.stopPropagation();
        onSort(id);
      }}
    >
      <span>{label}</span>
      {isSorted && <span class={`codicon codicon-chevron-${sort.descending ? "down" : "up"}`} aria-hidden="true" />}
    </div>
  );
}

export function VirtualTable<Id extends string, Row>(props: Props<Id, Row>): VNode {
  const { id, columns, rows, selection, sort, onSort, opensByClick = false } = props;
  const body = useRef<HTMLDivElement>(null);
  const [viewport, setViewport] = useState(0);
  const [scrollTop, setScrollTop] = useState(0);
  const geometry: RowGeometry = { rowHeight, rows, viewport };
  const { first, end, top } = rowWindow(geometry, scrollTop);
  /** The row that this table itself reported as the top one: another value came from outside. */
  const reportedTop = useRef(-1);

  useLayoutEffect(() => {
    const element = body.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setViewport(Math.max(0, element.clientHeight - headHeight)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    if (viewport === 0 || rows === 0 || body.current === null || reportedTop.current === props.topRow) return;
    reportedTop.current = props.topRow;
    body.current.scrollTop = scrollTopOf(geometry, props.topRow);
  }, [viewport, rows, props.topRow]);

  const bringIntoView = (row: number): void => {
    if (body.current !== null) body.current.scrollTop = scrollTopToShow(geometry, body.current.scrollTop, row);
  };
  useLayoutEffect(() => {
    if (props.shownRow !== undefined && props.shownRow !== null) bringIntoView(props.shownRow);
  }, [props.shownRow]);

  useEffect(() => props.onWindow?.(first, end), [first, end, rows]);

  const onScroll = (): void => {
    const position = body.current?.scrollTop ?? 0;
    setScrollTop(position);
    reportedTop.current = topRowAt(geometry, position);
    props.onTopRow(reportedTop.current);
  };
  const select = (next: RowSelection): void => {
    props.onSelect(next);
    bringIntoView(next.focus);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const move = event.altKey || event.ctrlKey || event.metaKey ? undefined : rowMoveOf(event.key);
    if (move !== undefined && rows > 0) {
      event.preventDefault();
      select(moveRow(selection, move, rows, visibleRows(geometry), event.shiftKey));
      return;
    }
    const row = props.row(selection.focus);
    if (event.key === "Enter" && row !== undefined) {
      event.preventDefault();
      props.onOpen(row);
      return;
    }
    if (rows === 0) return;
    if (isCommand(event, "a")) {
      event.preventDefault();
      props.onSelect({ anchor: 0, focus: rows - 1 });
    } else if (isCommand(event, "c") && props.onCopy !== undefined) {
      event.preventDefault();
      props.onCopy(selectedFirst(selection), selectedCount(selection));
    }
  };

  const indices = Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
  return (
    <div
      class="table"
      role="grid"
      tabIndex={0}
      aria-label={props.label}
      aria-rowcount={rows + 1}
      aria-colcount={columns.length}
      aria-multiselectable="true"
      aria-activedescendant={rows > 0 ? `${id}-row-${selection.focus}` : undefined}
      data-testid={id}
      onKeyDown={onKeyDown}
    >
      <div class="table-scroll" ref={body} onScroll={onScroll}>
        <div class="table-row table-head" role="row" aria-rowindex={1} style={{ height: `${headHeight}px` }}>
          {columns.map((column) => (
            <Heading key={column.id} column={column} sort={sort} onSort={onSort} />
          ))}
        </div>
        <div class="table-content" style={{ height: `${contentHeight(geometry)}px` }}>
          <div style={{ transform: `translateY(${top}px)` }}>
            {indices.map((index) => {
              const row = props.row(index);
              return (
                <div
                  key={index}
                  id={`${id}-row-${index}`}
                  role="row"
                  class={`table-row ${row === undefined ? "loading" : props.rowClass(row)} ${index === selection.focus ? "focused" : ""}`}
                  aria-rowindex={index + 2}
                  aria-selected={isSelected(selection, index)}
                  data-testid="row"
                  onMouseDown={(event) => {
                    if (event.button === 0) props.onSelect(selectRow(selection, index, rows, event.shiftKey));
                  }}
                  onClick={() => {
                    if (row !== undefined && opensByClick) props.onOpen(row);
                  }}
                  onDblClick={() => {
                    if (row !== undefined && !opensByClick) props.onOpen(row);
                  }}
                >
                  {columns.map((column) => (
                    <div
                      key={column.id}
                      role="gridcell"
                      class={`table-cell col-${column.id} ${column.numeric === true ? "numeric" : ""}`}
                    >
                      {row === undefined ? "" : props.cell(row, column.id)}
                    </div>
                  ))}
                </div>
              );
            })}
          </div>
        </div>
      </div>
    </div>
  );
}
