import { stat } from "node:fs/promises";
import { openImage } from "../symbols/image";
import type { ImageSymbols } from "../symbols/types";
import { unpackKernel } from "./packedKernel/unpackKernel";
import { ResultCache } from "./resultCache";

/** An image in use. `release` when done; the last one closes the file. */
export interface ImageLease {
  readonly image: ImageSymbols;
  release(): void;
}

interface Entry {
  readonly image: Promise<ImageSymbols>;
  users: number;
}

/** Opens each image once, however many traces use it. A file that was built anew counts as another one. */
export class Images {
  readonly #entries = new Map<string, Entry>();
  #cache = ResultCache.none;

  /** Keeps there what is read of images from now on. */
  keepIn(cache: ResultCache): void {
    this.#cache = cache;
  }

  /** Rejects as `openImage` does. */
  async acquire(path: string): Promise<ImageLease> {
    const key = await identity(path);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      const cache = this.#cache;
      const image = openImage(path, (imageIdentity) => cache.imageStore(imageIdentity), unpackKernel);
      this.#entries.set(key, (entry = { image, users: 0 }));
    }
    const used = entry;
    used.users++;
    const release = (): void => {
      if (--used.users > 0) return;
      if (this.#entries.get(key) === used) this.#entries.delete(key);
      void used.image.then(
        (image) => image.close(),
        () => undefined,
      );
    };
    try {
      return { image: await used.image, release };
    } catch (error) {
      release();
      throw error;
    }
  }
}

async function identity(path: string): Promise<string> {
  try {
    const { size, mtimeMs } = await stat(path);
    return `${path}\0${size}\0${mtimeMs}`;
  } catch {
    return path; // openImage says what is wrong with it
  }
}
