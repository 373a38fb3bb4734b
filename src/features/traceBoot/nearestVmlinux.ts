/** Which vmlinux belongs to a kernel image, judged by where build trees and distributions put the two. */
import path from "node:path";

/** How far up from the image a build tree's root may be: `arch/x86/boot/compressed` is four. */
const levelsUp = 4;

/**
 * Where the vmlinux of a kernel image may be, the likeliest first. Pure: nothing is looked up.
 *
 * - the image itself when it is a vmlinux;
 * - `vmlinux-RELEASE` beside `vmlinuz-RELEASE`, then where debug packages put it under the same root
 *   (`/usr/lib/debug/boot` Debian and Ubuntu, `/usr/lib/debug/lib/modules` Fedora, `/lib/modules/…/build` a local build);
 * - `vmlinux` beside the image and in the folders above it (`arch/x86/boot/bzImage` → the tree's root).
 */
export function vmlinuxCandidates(kernel: string): string[] {
  const folder = path.dirname(kernel);
  const name = path.basename(kernel);
  if (/^vmlinux(?!.*\.(gz|bz2|xz|zst|lz4)$)/.test(name)) return [kernel];
  const candidates: string[] = [];
  const release = /^(?:vmlinuz|bzImage|Image|zImage|kernel)-(.+)$/.exec(name)?.[1];
  if (release !== undefined) {
    const root = path.dirname(folder);
    candidates.push(
      path.join(folder, `vmlinux-${release}`),
      path.join(root, "usr/lib/debug/boot", `vmlinux-${release}`),
      path.join(root, "usr/lib/debug/lib/modules", release, "vmlinux"),
      path.join(root, "lib/modules", release, "build/vmlinux"),
    );
  }
  let above = folder;
  for (let level = 0; level <= levelsUp; level++) {
    candidates.push(path.join(above, "vmlinux"));
    const parent = path.dirname(above);
    if (parent === above) break;
    above = parent;
  }
  return candidates;
}
