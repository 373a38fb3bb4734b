/** Where the labels at the ends of lines start: one column for all of them, so that they read like a table. Pure. */

/**
 * Lines longer than this do not push the labels of the others out of sight: beside a trace, an editor shows about 45 columns
 * of a window of 1400 pixels.
 */
const rightmostColumn = 28;
const gap = 2;

/** How many columns a line takes, with tabs. Counts UTF-16 units: kernel sources are ASCII but for names in comments. */
export function widthOf(text: string, tabSize: number): number {
  let width = 0;
  for (let index = 0; index < text.length; index++) {
    width = text[index] === "\t" ? (Math.floor(width / tabSize) + 1) * tabSize : width + 1;
  }
  return width;
}

/** A line that gets a label; `aligned`: one of those that stand below each other. */
export interface LabelledLine {
  readonly width: number;
  readonly aligned: boolean;
}

/** The distance in characters between the end of each line and its label. */
export function labelDistances(lines: readonly LabelledLine[]): number[] {
  const short = lines.filter(({ width, aligned }) => aligned && width <= rightmostColumn);
  const column = Math.max(0, ...short.map(({ width }) => width)) + gap;
  return lines.map(({ width, aligned }) => (aligned ? Math.max(gap, column - width) : gap));
}
