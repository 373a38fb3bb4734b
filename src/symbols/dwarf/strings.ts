import { stringAt } from "../elf/headers";
import type { SectionBytes } from "../elf/sectionBytes";
import type { SharedString } from "./forms";

const pageBytes = 1 << 16;
/** The longest string that `stringAt` gives: a page reaches so far into the next one. */
const overlapBytes = 1024;

/** The strings of .debug_str and .debug_line_str by reference, each decoded once: thousands of units name the same few files. */
export class StringReader {
  private readonly sections;

  /** A missing section is null: its strings are too. */
  constructor(str: SectionBytes | null, line_str: SectionBytes | null) {
    this.sections = { str: new StringSection(str), line_str: new StringSection(line_str) };
  }

  /** The string, or null when its section does not reach so far. */
  read({ place, offset }: SharedString): string | null {
    return this.sections[place].read(offset);
  }
}

class StringSection {
  private readonly known = new Map<number, string>();
  private readonly pages: Uint8Array[] = [];

  constructor(private readonly section: SectionBytes | null) {}

  read(offset: number): string | null {
    if (this.section === null || offset < 0 || offset >= this.section.length) return null;
    let text = this.known.get(offset);
    if (text === undefined) {
      const page = Math.floor(offset / pageBytes);
      const bytes = (this.pages[page] ??= this.section.read(page * pageBytes, pageBytes + overlapBytes));
      text = stringAt(bytes, offset - page * pageBytes);
      this.known.set(offset, text);
    }
    return text;
  }
}
