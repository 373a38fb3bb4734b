/** The head of a GNU build-id note (gABI, "Note Section"): sizes of name and description, type 3, the name. */
const noteHead = Buffer.from("040000001400000003000000474e5500", "hex");
const buildIdBytes = 20;
const elfMagic = Buffer.from("\x7fELF", "latin1");
const elfHeaderBytes = 64;
const pageBytes = 4096;
/** A vDSO, which is a file of its own inside the kernel's data, is a few pages. */
const mostEmbeddedPages = 64;

/** Offsets of the kernel's own build-id note in its flat image; null when there is none. Those of the vDSOs in it are not the kernel's. */
export function buildIdNoteIn(image: Buffer): { readonly start: number; readonly end: number } | null {
  for (let at = image.indexOf(noteHead); at >= 0; at = image.indexOf(noteHead, at + 4)) {
    const end = at + noteHead.length + buildIdBytes;
    if (at % 4 === 0 && end <= image.length && !isEmbedded(image, at)) return { start: at, end };
  }
  return null;
}

/** Whether an offset lies inside of an ELF file that begins on a page before it and ends with its section headers. */
function isEmbedded(image: Buffer, at: number): boolean {
  const page = Math.floor(at / pageBytes) * pageBytes;
  for (let start = page; start >= 0 && start > page - mostEmbeddedPages * pageBytes; start -= pageBytes) {
    if (image.compare(elfMagic, 0, elfMagic.length, start, start + elfMagic.length) !== 0) continue;
    if (start + elfHeaderBytes > image.length) continue;
    const is64 = image[start + 4] === 2;
    const [offset, size, count] = is64
      ? [Number(image.readBigUInt64LE(start + 40)), image.readUInt16LE(start + 58), image.readUInt16LE(start + 60)]
      : [image.readUInt32LE(start + 32), image.readUInt16LE(start + 46), image.readUInt16LE(start + 48)];
    if (at < start + offset + size * count) return true;
  }
  return false;
}
