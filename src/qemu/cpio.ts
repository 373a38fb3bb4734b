/** Writes cpio archives in the "newc" format that Linux unpacks as its initial RAM disk (Documentation/driver-api/early-userspace/buffer-format.rst). */

export interface CpioEntry {
  readonly name: string;
  /** st_mode: type and permissions. */
  readonly mode: number;
  readonly content?: Uint8Array;
  /** Of a device node. */
  readonly device?: { readonly major: number; readonly minor: number };
}

const trailer: CpioEntry = { name: "TRAILER!!!", mode: 0 };
const pad = (length: number): Buffer => Buffer.alloc((4 - (length % 4)) % 4);

/** The archive of these entries; a folder must stand before what is in it. All times are 0: the same entries give the same bytes. */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  return Buffer.concat([...entries, trailer].flatMap((entry, index) => member(entry, index + 1)));
}

function member({ name, mode, content = new Uint8Array(0), device }: CpioEntry, inode: number): Uint8Array[] {
  const nameBytes = Buffer.from(`${name}\0`);
  const fields = [
    ...[inode, mode, 0, 0, 1, 0, content.length], // user, group, links, time
    ...[0, 0, device?.major ?? 0, device?.minor ?? 0, nameBytes.length, 0], // device of the file system, checksum
  ];
  const head = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  return [head, nameBytes, pad(head.length + nameBytes.length), content, pad(content.length)];
}
