import { gzipSync } from "node:zlib";
import path from "node:path";
import { unpackKernel } from "../../../src/engine/packedKernel/unpackKernel";
import { guestAddress } from "../../../src/protocol/units";
import { openImage } from "../../../src/symbols/image";
import type { ImageSymbols } from "../../../src/symbols/types";
import { fixtureFiles, type FuzzTarget } from "./fuzzTarget";
import { flatKernel, kernelWithKallsyms, packedKernel } from "./kernelSeed";

/** Asks everything of an image, around its functions and at the ends of what there is. */
async function askEverything(image: ImageSymbols): Promise<void> {
  const starts = image.functions.address.slice(0, 64);
  const addresses = BigUint64Array.of(
    0n,
    0x400150n,
    0x400190n,
    2n ** 64n - 1n,
    ...starts,
    ...starts.map((at) => at + 9n),
  );
  const { count, parent } = image.functions;
  for (const index of image.lookupMany(addresses)) if (index >= count) throw new Error(`Function ${index} of ${count}`);
  for (const index of parent) if (index >= count) throw new Error(`Parent ${index} of ${count}`);
  const lines = await image.lines();
  const { length } = lines?.files ?? [];
  for (const file of lines?.lookupMany(addresses).file ?? []) if (file >= length) throw new Error(`File ${file}`);
  const frames = await image.inlineFramesMany(addresses);
  for (const name of frames?.name ?? []) if (name >= frames!.names.length) throw new Error(`Frame's name ${name}`);
  image.addressOf("halt");
  for (const address of addresses) image.read(guestAddress(address), 64);
}

async function openAndAsk(file: string): Promise<void> {
  const image = await openImage(file, undefined, unpackKernel);
  try {
    await askEverything(image);
  } finally {
    image.close();
  }
}

/** ELF files: symbols, DWARF lines and inlined calls, relocations, compressed sections. */
export const elfTarget: FuzzTarget = {
  name: "elf",
  seeds: (fixtures) => fixtureFiles(path.join(fixtures, "symbols"), /\.elf$/),
  run: openAndAsk,
};

/** Kernels without a symbol table, bootable ones too. */
export const kernelTarget: FuzzTarget = {
  name: "kernel",
  seeds: () => [
    kernelWithKallsyms(),
    packedKernel(gzipSync(kernelWithKallsyms())),
    packedKernel(kernelWithKallsyms().subarray(0, 100)),
    flatKernel(),
    gzipSync(flatKernel()),
    Buffer.from("ffffffff81000000 T startup_64\nffffffff81000100 t helper\t[module]\n".repeat(20), "latin1"),
  ],
  run: openAndAsk,
};
