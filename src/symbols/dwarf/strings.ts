import { stringAt } from "../elf/headers";
import type { StringReference } from "./forms";

/** The sections that hold the strings of the debug information. A missing one is empty: its strings are null. */
export interface StringSections {
  readonly inline: Uint8Array;
  readonly str: Uint8Array;
  readonly line_str: Uint8Array;
}

/** Strings by reference, each decoded once: thousands of units name the same few files. */
export class StringReader {
  private readonly known = {
    inline: new Map<number, string>(),
    str: new Map<number, string>(),
    line_str: new Map<number, string>(),
  };

  constructor(private readonly sections: StringSections) {}

  /** The string, or null when its section does not reach so far. */
  read({ place, offset }: StringReference): string | null {
    const section = this.sections[place];
    if (offset < 0 || offset >= section.length) return null;
    let text = this.known[place].get(offset);
    if (text === undefined) {
      text = stringAt(section, offset);
      this.known[place].set(offset, text);
    }
    return text;
  }
}
