import { randomBytes } from "node:crypto";
import { rename, stat, writeFile } from "node:fs/promises";
import { attachmentBytes } from "../trace/attachments";
import { symbolMapAttachment } from "../trace/import/namedFunctions";
import type { TraceFile } from "../trace/types";
import { touch } from "./lastUse";
import type { ResultCache } from "./resultCache";

/** A vmlinux with all its debug information is not attached: nobody would want to pass such a trace on. */
const maximumBytes = 256 * 1024 * 1024;

const kinds = [{ name: "vmlinux", mime: "application/x-elf" }, symbolMapAttachment];

/**
 * The symbols that a trace carries (docs/trace-format.md, "Attachments") as a file in the cache, or null. Reduced to the
 * functions of the trace, they let somebody without its vmlinux read it.
 */
export async function attachedImage(trace: TraceFile, cache: ResultCache): Promise<string | null> {
  const attachment = trace.attachments.find(({ name, mime }) =>
    kinds.some((kind) => kind.name === name && kind.mime === mime),
  );
  if (attachment === undefined || attachment.length > maximumBytes || !cache.keeps) return null;
  try {
    const copy = await cache.symbolsPath(trace.path);
    const known = await stat(copy).catch(() => null);
    if (known?.size === attachment.length) {
      await touch(copy);
      return copy;
    }
    const bytes = await attachmentBytes(trace.path, attachment);
    if (bytes === null) return null;
    const temporary = `${copy}.${process.pid}.${randomBytes(4).toString("hex")}.part`;
    await writeFile(temporary, bytes);
    await rename(temporary, copy);
    await touch(copy);
    await cache.trim();
    return copy;
  } catch {
    return null; // a full or read-only disk: the trace opens without these names
  }
}
