import { BootscopeError } from "../protocol/failure";
import { fileFingerprint } from "./fileFingerprint";
import type { Images } from "./images";
import { acquireJoined } from "./joinedImages";
import type { ImageChoice } from "./chooseImage";
import type { NamingRecord } from "./namingRecord";
import { UsedImage } from "./usedImage";

/**
 * Tells a list of candidates from any other, with the content of each: a file that was added, removed or built anew may change
 * the choice.
 */
export async function candidatesKey(candidates: readonly string[]): Promise<string> {
  const prints = await Promise.all(candidates.map((path) => fileFingerprint(path).catch(() => `${path}: absent`)));
  return prints.join("\n");
}

/** The choice that a record was made by. Its image stays closed until something needs it. */
export async function recordedChoice(record: NamingRecord, images: Images): Promise<ImageChoice> {
  const { path, facts, match, placement, code } = record;
  const objects = code?.objects ?? [];
  const paths = [path, ...objects.map((object) => object.path)];
  const expected = await candidatesKey(paths);
  const image = UsedImage.closed(facts, async () => {
    if ((await candidatesKey(paths)) === expected) return acquireJoined(images, path, objects);
    const message = `${path} or a file beside it was changed after the trace was opened.`;
    throw new BootscopeError("wrong-symbols", message, "Choose the vmlinux again.");
  });
  return { chosen: { image, path, match, placement, code }, problem: null };
}
