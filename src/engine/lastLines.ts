/** Keeps the last `limit` whole lines of a text that arrives in pieces (and at most 64 KiB of an unfinished one). */
export function lastLines(limit: number): { add(text: string): void; text(): string } {
  const longestLine = 65_536;
  let lines: string[] = [];
  let rest = "";
  return {
    add(text) {
      const parts = (rest + text).split("\n");
      rest = parts.pop()!.slice(-longestLine);
      lines = [...lines, ...parts].slice(-limit);
    },
    text: () => [...lines, rest].join("\n").trim(),
  };
}
