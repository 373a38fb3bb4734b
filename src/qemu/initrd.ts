/** The initial RAM disk that Trace Boot uses when there is none: busybox and ten lines of shell. */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { BootscopeError } from "../protocol/failure";
import { cachedFile } from "./cacheFolder";
import { writeCpio } from "./cpio";
import { targetOfImage, type Target } from "./kernelImage";

/** Where distributions install busybox. */
const usualPlaces = ["/bin/busybox", "/usr/bin/busybox", "/sbin/busybox", "/usr/sbin/busybox", "/bin/busybox.static"];

const initScript = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
echo BOOT-DONE
/bin/busybox poweroff -f
`;

const folder = (name: string) => ({ name, mode: 0o040755 });

/** The archive: /init, busybox, a console and empty mount points. Uncompressed. */
export function busyboxArchive(busybox: Uint8Array): Buffer {
  return writeCpio([
    ...["bin", "dev", "proc", "sys"].map(folder),
    { name: "dev/console", mode: 0o020600, device: { major: 5, minor: 1 } },
    { name: "bin/busybox", mode: 0o100755, content: busybox },
    { name: "init", mode: 0o100755, content: Buffer.from(initScript) },
  ]);
}

/** Whether an ELF program needs no dynamic linker: no PT_INTERP among its program headers. */
export function isStaticProgram(elf: Uint8Array): boolean {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  if (elf.length < 64) return false;
  const wide = elf[4] === 2;
  const littleEndian = elf[5] === 1;
  const table = wide ? Number(view.getBigUint64(32, littleEndian)) : view.getUint32(28, littleEndian);
  const entryBytes = view.getUint16(wide ? 54 : 42, littleEndian);
  const count = view.getUint16(wide ? 56 : 44, littleEndian);
  if (table + entryBytes * count > elf.length) return false;
  for (let entry = 0; entry < count; entry++) {
    if (view.getUint32(table + entry * entryBytes, littleEndian) === 3) return false;
  }
  return true;
}

/**
 * An initial RAM disk for this guest, made once per busybox.
 * @returns path of the gzipped archive in the cache
 * @throws BootscopeError `not-found` without a static busybox for that architecture
 */
export async function busyboxInitrd(target: Target, places: readonly string[] = usualPlaces): Promise<string> {
  for (const place of places) {
    const busybox = await readFile(place).catch(() => undefined);
    if (busybox === undefined || targetOfImage(busybox) !== target || !isStaticProgram(busybox)) continue;
    const archive = busyboxArchive(busybox);
    const key = createHash("sha256").update(archive).digest("hex").slice(0, 16);
    return cachedFile(path.join("initrd", `busybox-${key}.cpio.gz`), (draft) => writeFile(draft, gzipSync(archive)));
  }
  throw new BootscopeError(
    "not-found",
    `There is no initial RAM disk, and no static busybox for ${target} to make one from.`,
    "Give an initrd, or install busybox (Debian: apt-get install busybox-static).",
  );
}
