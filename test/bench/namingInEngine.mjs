// Naming as the engine does it, without a program's start and without output: what is read of an image, in a process of its own.
import { mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { build } from "esbuild";
import { assemblyForEsbuild } from "../../scripts/assembly.mjs";
import { median, seconds } from "./measure.mjs";

const functionsAsked = 40;
const addressesPerFunction = 9;

async function loadEngine(folder) {
  const outfile = path.join(folder, "images.cjs");
  await build({
    stdin: {
      contents: 'export { Images } from "./src/engine/images"; export { ResultCache } from "./src/engine/resultCache";',
      resolveDir: ".",
    },
    plugins: [assemblyForEsbuild],
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile,
    logLevel: "error",
  });
  return createRequire(outfile)(outfile);
}

const timed = async (work) => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

/** @param addresses in groups of one function each */
export async function measureNamingInEngine({ vmlinux, addresses, folder, rounds }) {
  const { Images, ResultCache } = await loadEngine(folder);
  const cacheFolder = path.join(folder, "names");
  rmSync(cacheFolder, { recursive: true, force: true });
  mkdirSync(cacheFolder);
  const times = { names: [], kept: [], first: [], next: [] };
  const withImage = async (cache, use) => {
    const images = new Images();
    images.keepIn(cache);
    const { image, release } = await images.acquire(vmlinux);
    try {
      await use(image);
    } finally {
      release();
    }
  };
  const kept = new ResultCache(cacheFolder);
  const step = Math.floor(addresses.length / addressesPerFunction / functionsAsked) * addressesPerFunction;
  const oneFunction = (number) => addresses.slice(number * step, number * step + addressesPerFunction);
  await withImage(kept, (image) => image.inlineFramesMany(addresses));
  for (let round = 0; round < rounds; round++) {
    times.names.push(await timed(() => withImage(ResultCache.none, (image) => image.lookupMany(addresses))));
    times.kept.push(await timed(() => withImage(kept, (image) => image.inlineFramesMany(addresses))));
    await withImage(ResultCache.none, async (image) => {
      times.first.push(await timed(() => image.inlineFramesMany(oneFunction(round))));
      for (let number = rounds; number < functionsAsked; number++) {
        times.next.push(await timed(() => image.inlineFramesMany(oneFunction(number))));
      }
    });
  }
  const row = (what, list, target) => ({ what, measured: seconds(median(list)), target });
  return [
    row("the names of the symbol table alone, in the engine", times.names, "≤ 0.3 s"),
    row("names, lines and inlined calls from the cache, in the engine", times.kept, "≤ 0.1 s"),
    row("the lines and inlined calls of one function of an opened image, first", times.first, "≤ 20 ms"),
    row("the same, of another one", times.next, "≤ 20 ms"),
  ];
}
