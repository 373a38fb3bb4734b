import type { ElfFile } from "./elf/elfFile";
import { miniDebugSection } from "./elf/miniDebugInfo";

/** What is kept of an image, each by itself: who needs its names reads no lines. */
export type ImagePart = "functions" | "lines" | "inlines";

/** Keeps what was read from one image. Never fails: what cannot be kept or read back is read from the image again. */
export interface ImageStore {
  /** What `save` was given as a structured clone, or null. It comes from a disk: its shape has to be checked. */
  load(part: ImagePart): Promise<unknown>;
  save(part: ImagePart, content: object): Promise<void>;
}

/** The store of the image with an identity: two files of one identity have the same symbols and debug information. */
export type OpenStore = (identity: string) => ImageStore;

export const noStore: ImageStore = {
  load: () => Promise.resolve(null),
  save: () => Promise.resolve(),
};

/** Sections that a copy of an image may lack (stripped, or without debug information). */
const optionalSections = [".symtab", miniDebugSection, ".debug_info", ".debug_line"];

/** The build-id, and which of the optional sections the file has; null without a build-id. */
export function imageIdentity(file: ElfFile, buildId: string | null): string | null {
  if (buildId === null) return null;
  const sizes = optionalSections.map((name) => {
    const section = file.section(name);
    return section === undefined ? 0 : section.size - section.missing;
  });
  return [buildId, ...sizes].join("-");
}

/** Whether a value has, for each of these names, a column of this kind. */
export function hasColumns<K extends string>(
  value: unknown,
  kinds: Readonly<Record<K, new (length: number) => ArrayBufferView | unknown[]>>,
): value is Record<K, { readonly length: number }> {
  if (typeof value !== "object" || value === null) return false;
  return (Object.keys(kinds) as K[]).every((name) => (value as Record<K, unknown>)[name] instanceof kinds[name]);
}

/** Whether all numbers of a column are from `least` up to, not including, `end`, or the `other` one. */
export function isBetween(column: Int32Array | Uint32Array, least: number, end: number, other = least): boolean {
  // A loop over millions: `every` takes several times as long.
  for (let index = 0; index < column.length; index++) {
    const value = column[index];
    if ((value < least || value >= end) && value !== other) return false;
  }
  return true;
}
