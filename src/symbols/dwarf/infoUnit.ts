import type { Encoding } from "./forms";

/** The header of a unit of .debug_info (DWARF 5, 7.5.1). Offsets are in the section. */
export interface InfoUnit extends Encoding {
  readonly offset: number;
  /** Behind its last byte; not behind the section's. */
  readonly end: number;
  readonly abbreviationOffset: number;
  /** Of its root entry. */
  readonly rootOffset: number;
}
