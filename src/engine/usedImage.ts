import { BootscopeError } from "../protocol/failure";
import type { ImageSymbols } from "../symbols/types";
import type { ImageLease } from "./images";
import type { ImageFacts } from "./namingRecord";

function factsOf({ buildId, banner, machine, functions, hasLines, problem }: ImageSymbols): ImageFacts {
  return { buildId, banner, machine, functions: functions.count, hasLines, problem };
}

/**
 * The image that a trace is named by. When its names came from the cache, the file (hundreds of megabytes of debug information)
 * is opened by the first question that the cache does not answer.
 */
export class UsedImage {
  #lease: Promise<ImageLease> | undefined;
  #opened: ImageSymbols | null = null;
  #released = false;

  private constructor(
    readonly facts: ImageFacts,
    private readonly acquire: () => Promise<ImageLease>,
  ) {}

  static opened(lease: ImageLease): UsedImage {
    return UsedImage.openedAs(factsOf(lease.image), lease);
  }

  /** @param facts what is told of the image: of one that is joined from many files those of the kernel */
  static openedAs(facts: ImageFacts, lease: ImageLease): UsedImage {
    const used = new UsedImage(facts, () => Promise.resolve(lease));
    used.#lease = Promise.resolve(lease);
    used.#opened = lease.image;
    return used;
  }

  /** @param acquire has to reject when the file is not the one that `facts` were taken from any more */
  static closed(facts: ImageFacts, acquire: () => Promise<ImageLease>): UsedImage {
    return new UsedImage(facts, acquire);
  }

  /** The image if it is open. */
  get whenOpen(): ImageSymbols | null {
    return this.#opened;
  }

  /** What could not be read of the image, as far as is known. */
  get problem(): string | null {
    return this.#opened?.problem ?? this.facts.problem;
  }

  /** Opens the image once. Rejects as `acquire` does (and tries again next time), or with `cancelled` after `release`. */
  async open(): Promise<ImageSymbols> {
    if (this.#released) throw new BootscopeError("cancelled", "The trace was closed.");
    const opening = (this.#lease ??= this.acquire());
    try {
      this.#opened = (await opening).image;
      return this.#opened;
    } catch (error) {
      if (this.#lease === opening) this.#lease = undefined;
      throw error;
    }
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#lease?.then(
      (lease) => lease.release(),
      () => undefined,
    );
  }
}
