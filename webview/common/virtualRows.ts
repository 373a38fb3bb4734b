/**
 * Which rows of a very long table are in the page. Only these exist as elements.
 *
 * Browsers cap an element's height (Chromium at about 33 million pixels), so the scrolled height is capped too; beyond
 * it the scroll position is stretched over the rows.
 */
export interface RowGeometry {
  readonly rowHeight: number;
  readonly rows: number;
  /** Height of the visible part, in CSS pixels. */
  readonly viewport: number;
}

export interface RowWindow {
  /** First and one-past-last row to render. */
  readonly first: number;
  readonly end: number;
  /** Where row `first` starts, from the top of the scrolled content. */
  readonly top: number;
}

/** No scrolled content is made higher than this. */
export const highestContent = 15_000_000;
/** Rows rendered above and below the visible ones, so that scrolling shows no gaps. */
const overscan = 8;

export const contentHeight = ({ rowHeight, rows }: RowGeometry): number => Math.min(rowHeight * rows, highestContent);

/** How many rows fit, at least one. */
export const visibleRows = ({ rowHeight, viewport }: RowGeometry): number =>
  Math.max(1, Math.floor(viewport / rowHeight));

/** Scroll distance of the content, and of the rows if they all were there. Equal unless the height is capped. */
function distances(geometry: RowGeometry): { content: number; rows: number } {
  return {
    content: Math.max(0, contentHeight(geometry) - geometry.viewport),
    rows: Math.max(0, geometry.rowHeight * geometry.rows - geometry.viewport),
  };
}

/** The rows to render at a scroll position. */
export function rowWindow(geometry: RowGeometry, scrollTop: number): RowWindow {
  const { content, rows } = distances(geometry);
  const position = Math.min(Math.max(0, scrollTop), content);
  const offset = content === 0 ? 0 : (position / content) * rows;
  const firstVisible = Math.floor(offset / geometry.rowHeight);
  const first = Math.max(0, firstVisible - overscan);
  const end = Math.min(geometry.rows, firstVisible + Math.ceil(geometry.viewport / geometry.rowHeight) + 1 + overscan);
  return { first, end, top: position - (offset - first * geometry.rowHeight) };
}

/** The scroll position that puts a row at the top, as far as the end of the table allows. */
export function scrollTopOf(geometry: RowGeometry, row: number): number {
  const { content, rows } = distances(geometry);
  if (rows === 0) return 0;
  return Math.min(1, (Math.max(0, row) * geometry.rowHeight) / rows) * content;
}

/** The first row that is wholly visible at a scroll position. */
export function topRowAt(geometry: RowGeometry, scrollTop: number): number {
  const { content, rows } = distances(geometry);
  if (content === 0) return 0;
  return Math.max(0, Math.ceil((Math.min(scrollTop, content) / content) * (rows / geometry.rowHeight) - 1e-6));
}

/** The scroll position that makes a row visible with the least movement. */
export function scrollTopToShow(geometry: RowGeometry, scrollTop: number, row: number): number {
  const top = topRowAt(geometry, scrollTop);
  const fitting = visibleRows(geometry);
  if (row < top) return scrollTopOf(geometry, row);
  if (row < top + fitting) return scrollTop;
  return scrollTopOf(geometry, row + 1 - geometry.viewport / geometry.rowHeight);
}
