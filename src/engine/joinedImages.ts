import type { CodeObject } from "../analysis/guestCode";
import { JoinedImage, type JoinedFile } from "../symbols/joinedImage";
import { addressesPerFile, firstAddress } from "./guestCode";
import type { ImageLease, Images } from "./images";

/** The kernel's image with the files that ran beside it. Rejects as `Images.acquire` does. */
export async function acquireJoined(
  images: Images,
  vmlinux: string,
  objects: readonly CodeObject[],
): Promise<ImageLease> {
  const leases: ImageLease[] = [];
  const release = (): void => {
    for (const lease of leases) lease.release();
  };
  try {
    for (const path of [vmlinux, ...objects.map((object) => object.path)]) leases.push(await images.acquire(path));
    const [kernel, ...files] = leases.map(({ image }) => image);
    const joined = objects.map(({ name, offset }, index): JoinedFile => {
      const start = firstAddress + BigInt(index) * addressesPerFile;
      return { image: files[index], name, offset, start, end: start + addressesPerFile };
    });
    return { image: new JoinedImage(kernel, joined), release };
  } catch (error) {
    release();
    throw error;
  }
}
