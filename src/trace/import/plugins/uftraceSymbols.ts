/**
 * The names of a folder uftrace.data: `sid-*.map` says where each file was mapped, `<file>.sym` what is in it, as nm prints it. Those
 * of QEMU's uftrace_symbols.py have sizes, and the lower 48 bits of addresses:
 *
 *   800008010000 000000000088 T gic_handle_irq
 */
import { open, readdir } from "node:fs/promises";
import path from "node:path";
import type { TraceWriter } from "../../writer";
import { symbolMapAttachment } from "../namedFunctions";

/** A kernel's have some 10 MB. */
const mostBytes = 64 * 1024 * 1024;
const mapping = /^([0-9a-f]{1,16})-[0-9a-f]{1,16} r... \S+ \S+ \S+ +(\/?\S.{0,4095}?)(?: build-id:[0-9a-f]+)?$/gm;
const symbol = /^([0-9a-f]{12,16}) (?:[0-9a-f]{12,16} )?([TtWwP]) (\S{1,512})$/gm;

/** Attaches the folder's names to the trace, if it has any. */
export async function attachUftraceSymbols(folder: string, writer: TraceWriter): Promise<void> {
  const names = await readdir(folder);
  const map = names.find((name) => /^sid-.*\.map$/.test(name));
  const rows: string[] = [];
  const files = new Set<string>();
  for (const [, base, file] of (map === undefined ? "" : await textOf(path.join(folder, map))).matchAll(mapping)) {
    const symbols = `${path.basename(file)}.sym`;
    // The first mapping of a file is the one that the addresses in it count from.
    if (files.has(symbols) || !names.includes(symbols)) continue;
    files.add(symbols);
    for (const [, address, kind, name] of (await textOf(path.join(folder, symbols))).matchAll(symbol)) {
      // As in the records: 48 bits, and those of a kernel go on with ones.
      const absolute = BigInt.asUintN(64, BigInt.asIntN(48, BigInt(`0x${base}`) + BigInt(`0x${address}`)));
      rows.push(`${absolute.toString(16).padStart(16, "0")} ${kind === "P" ? "t" : kind} ${name}\n`);
    }
  }
  if (rows.length === 0) return;
  const { name, mime } = symbolMapAttachment;
  writer.addAttachment(name, mime, Buffer.from(rows.join("")));
}

async function textOf(file: string): Promise<string> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(size, mostBytes)), 0, undefined, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await handle.close();
  }
}
