import type { FoundCode } from "../analysis/guestCode";
import path from "node:path";
import type { TraceFile } from "../trace/types";
import type { ChosenImage } from "./chooseImage";
import { findCode } from "./guestCode";
import { GuestFiles, type GuestFileSources } from "./guestFiles/sources";
import type { Images } from "./images";
import { acquireJoined } from "./joinedImages";
import type { ResultCache } from "./resultCache";
import type { ScannedTrace } from "./scannedTrace";
import type { ImageFacts } from "./namingRecord";
import { UsedImage } from "./usedImage";

/** What of an image tells where its modules are. */
export interface NamedImage {
  readonly path: string;
  readonly image: { readonly facts: Pick<ImageFacts, "banner"> };
}

/** What the user says of where the guest's files are. */
export type GivenFiles = Pick<GuestFileSources, "roots" | "firmware">;
/** What is found out about a trace before its files are looked for. */
export type FoundSources = Pick<GuestFileSources, "search" | "modules">;

/** Where the modules and programs of a trace may be found; null when nothing can be kept on disk. */
export async function guestFilesOf(
  file: TraceFile,
  { path: vmlinux, image }: NamedImage,
  { roots, firmware }: GivenFiles,
  found: FoundSources,
  cache: ResultCache,
): Promise<GuestFiles | null> {
  if (cache.extractionFolder === null) return null;
  const { kernel, qemu } = file.metadata;
  const release = kernel?.release ?? /^Linux version (\S+)/.exec(image.facts.banner ?? "")?.[1] ?? null;
  const initrd = initrdOf(qemu?.commandLine ?? [], path.dirname(file.path));
  return GuestFiles.in({ vmlinux, release, initrd, roots, firmware, ...found }, cache.extractionFolder);
}

/** The initial RAM disk that QEMU was given; a relative path is looked up beside the trace. */
function initrdOf(commandLine: readonly string[], folder: string): string | null {
  const at = commandLine.findIndex((argument) => /^--?initrd$/.test(argument));
  const given = at < 0 ? undefined : commandLine.at(at + 1);
  return given === undefined || given === "" ? null : path.resolve(folder, given);
}

/** The image with the modules and programs that a completely read trace executed; the same when there are none. */
export async function withCode(
  chosen: ChosenImage,
  scanned: ScannedTrace,
  files: GuestFiles,
  images: Images,
  signal: AbortSignal,
): Promise<ChosenImage> {
  const code = await findCode(scanned, chosen, files, images, signal);
  return code === null ? chosen : joinCode(chosen, code, images);
}

/** The image with modules and programs that were found before; it has a lease of its own. Rejects as `Images.acquire` does. */
export async function joinCode(chosen: ChosenImage, code: FoundCode, images: Images): Promise<ChosenImage> {
  const lease = await acquireJoined(images, chosen.path, code.objects);
  const { facts } = chosen.image;
  const hasLines = facts.hasLines || lease.image.hasLines;
  return { ...chosen, code, image: UsedImage.openedAs({ ...facts, hasLines }, lease) };
}
