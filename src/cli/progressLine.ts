/** One line on standard error that says how far something is; nothing when nobody would see it. */
export interface ProgressLine {
  show(text: string): void;
  /** Takes the line away, so that results can be printed. */
  clear(): void;
}

export function progressLine(stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  let shown = false;
  const clear = (): void => {
    if (shown) stream.write("\r\u001b[K");
    shown = false;
  };
  return {
    show(text) {
      if (!stream.isTTY) return;
      stream.write(`\r\u001b[K${text.slice(0, Math.max(1, stream.columns - 1))}`);
      shown = true;
    },
    clear,
  };
}
