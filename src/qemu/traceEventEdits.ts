/** The smallest edits that compile an event in or out: only the word `disable` comes and goes. */
import { parseTraceLine, type Span } from "./traceEvents";

/** Replaces the columns of a line by a text. */
export interface LineEdit extends Span {
  readonly text: string;
}

/** Takes every `disable` with the white space behind it out of the line; nothing for other lines. */
export function enableEdits(text: string): LineEdit[] {
  const line = parseTraceLine(text);
  if (line.kind !== "event") return [];
  return line.properties
    .filter((word) => word.text === "disable")
    .map(({ start, end }) => {
      let rest = end;
      while (/^\s$/.test(text.charAt(rest))) rest++;
      return { start, end: rest, text: "" };
    });
}

/** Puts `disable ` in front of an event that has none; nothing for other lines. */
export function disableEdits(text: string): LineEdit[] {
  const line = parseTraceLine(text);
  if (line.kind !== "event" || line.properties.some((word) => word.text === "disable")) return [];
  const { start } = line.properties.at(0) ?? line.name;
  return [{ start, end: start, text: "disable " }];
}
