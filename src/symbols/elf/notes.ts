import { ByteCursor } from "../cursor";
import { SectionType, SegmentType } from "./constants";
import type { ElfFile } from "./elfFile";

const gnuBuildId = 3;
/** Notes are a few hundred bytes; more is not read. */
const maximumNoteBytes = 1 << 20;

/**
 * Lower-case hex of NT_GNU_BUILD_ID (gABI, "Note Section"), from the note sections or, in a file without them, the note
 * segments; null when there is none. Damaged notes count as none: everything else in the file is still of use.
 */
export async function readBuildId(file: ElfFile): Promise<string | null> {
  const { littleEndian } = file.header;
  const sections = file.sections.filter((section) => section.type === SectionType.Note);
  const segments = file.segments.filter((segment) => segment.type === SegmentType.Note);
  const places = [...sections, ...segments.map(({ offset, fileSize }) => ({ offset, size: fileSize }))];
  for (const { offset, size } of places.slice(0, 64)) {
    const bytes = await file.readAt(offset, Math.min(size, maximumNoteBytes));
    const id = findBuildId(new ByteCursor(bytes, littleEndian, "A note"));
    if (id !== null) return id;
  }
  return null;
}

function findBuildId(cursor: ByteCursor): string | null {
  while (cursor.remaining >= 12) {
    const nameBytes = cursor.u32();
    const descriptionBytes = cursor.u32();
    const type = cursor.u32();
    const name = cursor.position;
    const description = name + align4(nameBytes);
    const end = description + descriptionBytes;
    if (end > cursor.bytes.length) return null;
    if (type === gnuBuildId && nameBytes === 4 && isGnu(cursor.bytes, name)) {
      return Buffer.from(cursor.bytes.subarray(description, end)).toString("hex");
    }
    cursor.position = description + align4(descriptionBytes);
  }
  return null;
}

const isGnu = (bytes: Uint8Array, at: number) =>
  [0x47, 0x4e, 0x55, 0].every((byte, index) => bytes[at + index] === byte);
const align4 = (size: number) => Math.ceil(size / 4) * 4;
