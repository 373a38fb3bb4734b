import { BootscopeError } from "../protocol/failure";
import type { SymbolizedAddress } from "../protocol/engine";
import type { FunctionIndex } from "../symbols/types";
import type { Images } from "./images";

/** Names for link addresses of an image, without a trace. Rejects as `openImage` does, or when there are no symbols. */
export async function symbolize(
  images: Images,
  path: string,
  addresses: BigUint64Array,
  signal: AbortSignal,
): Promise<readonly SymbolizedAddress[]> {
  const lease = await images.acquire(path);
  const { image } = lease;
  try {
    if (image.functions.count === 0) {
      throw new BootscopeError("no-symbols", `${path} has no symbols.`, "Choose the unstripped vmlinux.");
    }
    const table = await image.lines(signal);
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
  } finally {
    lease.release();
  }
}
