import { open, stat } from "node:fs/promises";
import path from "node:path";
import { BootscopeError } from "../../protocol/failure";
import { attachmentBytes } from "../../trace/attachments";
import type { TraceFile } from "../../trace/types";
import { parseModuleList, type ModuleList } from "./parseModuleList";

/** How a list of modules travels in a trace (docs/trace-format.md, "Attachments"). */
const moduleListAttachment = { name: "modules", mime: "text/plain" } as const;

/** A console's text with such a list in it; a list alone has some kilobytes. */
const maximumBytes = 1 << 24;

const advice = "Give the text of the guest's /proc/modules, read as root.";

/**
 * The list of modules that belongs to a trace: the given file, the trace's attachment, or the file beside the trace that is called
 * like it with `.modules` behind it or in place of its ending. Null when there is none.
 * @param traceOf the file that was opened, of which `file` may be an imported copy
 *
 * Rejects with BootscopeError "not-found", "unreadable" or "no-symbols" for what was given, and for what is beside the trace if
 * all addresses in it are hidden.
 */
export async function findModuleList(
  traceOf: string,
  file: TraceFile,
  given: string | undefined,
): Promise<ModuleList | null> {
  if (given !== undefined) return listIn(given, await readGiven(given));
  const { name, mime } = moduleListAttachment;
  const attached = file.attachments.find((attachment) => attachment.name === name && attachment.mime === mime);
  if (attached !== undefined) {
    const isTooLong = attached.length > maximumBytes;
    const bytes = isTooLong ? null : await attachmentBytes(file.path, attached).catch(() => null);
    return parseModuleList(Buffer.from(bytes ?? []).toString("latin1"));
  }
  for (const beside of besideTrace(traceOf)) {
    const text = await readText(beside).catch(() => null);
    if (text !== null) return listIn(beside, text);
  }
  return null;
}

/** Where `findModuleList` looks beside a trace. */
const besideTrace = (trace: string): string[] => [
  `${trace}.modules`,
  `${trace.slice(0, trace.length - path.extname(trace).length)}.modules`,
];

function listIn(file: string, text: string): ModuleList {
  const list = parseModuleList(text);
  if (list.modules.length > 0) return list;
  const what = list.hidden > 0 ? "hides all addresses of modules" : "lists no modules";
  throw new BootscopeError("no-symbols", `${file} ${what}.`, advice);
}

async function readGiven(file: string): Promise<string> {
  const found = await stat(file).catch(() => null);
  if (found === null) throw new BootscopeError("not-found", `${file} does not exist.`, advice);
  if (!found.isFile() || found.size > maximumBytes) {
    throw new BootscopeError("unreadable", `${file} is not a file of at most 16 MiB.`, advice);
  }
  try {
    return await readText(file);
  } catch (cause) {
    throw new BootscopeError("unreadable", `${file} cannot be read.`, advice, { cause });
  }
}

/** Of a file that is larger, the first `maximumBytes`. */
async function readText(file: string): Promise<string> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.min(maximumBytes, size));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    return bytes.toString("latin1", 0, bytesRead);
  } finally {
    await handle.close();
  }
}
