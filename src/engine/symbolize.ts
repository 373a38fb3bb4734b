import { BootscopeError } from "../protocol/failure";
import type { CallFrame, InlineChains, SymbolizedAddress } from "../protocol/engine";
import type { FunctionIndex, ImageSymbols, InlineFrames } from "../symbols/types";
import type { Images } from "./images";

/** Names for link addresses of an image, without a trace. Rejects as `openImage` does, or when there are no symbols. */
export function symbolize(
  images: Images,
  path: string,
  addresses: BigUint64Array,
  signal: AbortSignal,
): Promise<readonly SymbolizedAddress[]> {
  return withSymbols(images, path, (image) => nameAddresses(image, addresses, signal));
}

/**
 * As `symbolize`, with the chain of inlined calls at each address. Where the image has no debug information, each chain is the
 * function of the symbol table.
 */
export function inlineChains(
  images: Images,
  path: string,
  addresses: BigUint64Array,
  signal: AbortSignal,
): Promise<InlineChains> {
  return withSymbols(images, path, async (image) => {
    const frames = await image.inlineFramesMany(addresses, signal);
    if (frames !== null) {
      const chains = Array.from(addresses, (_, index) => chainAt(frames, index));
      return { chains, problem: frames.problem ?? image.problem };
    }
    const names = await nameAddresses(image, addresses, signal);
    const chains = names.map(({ function: name, file, line }) => [{ function: name, file, line }]);
    return { chains, problem: image.problem };
  });
}

async function withSymbols<T>(images: Images, path: string, use: (image: ImageSymbols) => Promise<T>): Promise<T> {
  const lease = await images.acquire(path);
  try {
    const { image } = lease;
    if (image.functions.count === 0) {
      throw new BootscopeError("no-symbols", `${path} has no symbols.`, "Choose the unstripped vmlinux.");
    }
    return await use(image);
  } finally {
    lease.release();
  }
}

async function nameAddresses(
  image: ImageSymbols,
  addresses: BigUint64Array,
  signal: AbortSignal,
): Promise<SymbolizedAddress[]> {
  const table = await image.linesFor(addresses, signal);
  const functions = image.lookupMany(addresses);
  const found = table?.lookupMany(addresses);
  return Array.from(addresses, (address, i) => {
    const index = functions[i] as FunctionIndex;
    const file = found?.file[i] ?? -1;
    return {
      function: index < 0 ? null : image.functions.name(index),
      offset: index < 0 ? 0 : Number(address - image.functions.address[index]),
      file: file < 0 || table === null ? null : table.files[file],
      line: found?.line[i] ?? 0,
    };
  });
}

function chainAt({ first, name, file, line, names, files }: InlineFrames, index: number): CallFrame[] {
  return Array.from({ length: first[index + 1] - first[index] }, (_, depth) => {
    const frame = first[index] + depth;
    return {
      function: name[frame] < 0 ? null : names[name[frame]],
      file: file[frame] < 0 ? null : files[file[frame]],
      line: line[frame],
    };
  });
}
