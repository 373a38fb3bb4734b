// Compiles assembly/NAME.ts (AssemblyScript) to WebAssembly, and lets bundles import it as bytes: `import code from "…/assembly/NAME.wasm"`.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { main } from "assemblyscript/asc";

const root = path.resolve(import.meta.dirname, "..");
const folder = path.join(root, "assembly");
/** Of memory that is given to the module and may belong to several threads: 4 GiB at most, and as little as asked for. */
const memory = ["--importMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"];
const options = [
  "--optimizeLevel",
  "3",
  "--noAssert",
  "--runtime",
  "stub",
  "--use",
  "abort=",
  "--enable",
  "simd,threads",
];
const compiled = new Map();

/**
 * @param {string} file Path of the source
 * @returns {Promise<Uint8Array>} The module
 */
export async function compileAssembly(file) {
  const source = path.relative(root, file);
  /** @type {Uint8Array | undefined} */
  let module;
  const { error, stderr } = await main([source, "--outFile", "module.wasm", "--baseDir", root, ...memory, ...options], {
    writeFile: (_name, contents) => {
      module = contents;
    },
  });
  if (error !== null || module === undefined) throw new Error(`${source} does not compile:\n${stderr.toString()}`);
  return module;
}

/** Compiles each source once for as long as it stays the same. */
async function moduleOf(file) {
  const text = await readFile(file, "utf8");
  const known = compiled.get(file);
  if (known?.text === text) return known.module;
  const module = compileAssembly(file);
  compiled.set(file, { text, module });
  return module;
}

const sourceOf = (wasmPath) => path.join(folder, `${path.basename(wasmPath, ".wasm")}.ts`);

/** For esbuild. */
export const assemblyForEsbuild = {
  name: "assembly",
  setup(build) {
    build.onResolve({ filter: /\/assembly\/\w+\.wasm$/ }, (request) => ({
      path: sourceOf(request.path),
      namespace: "assembly",
    }));
    build.onLoad({ filter: /.*/, namespace: "assembly" }, async ({ path: file }) => ({
      contents: await moduleOf(file),
      loader: "binary",
      watchFiles: [file],
    }));
  },
};

const prefix = "\0assembly:";

/** For Vite, which runs the unit tests. */
export const assemblyForVite = {
  name: "assembly",
  enforce: "pre",
  resolveId: (request) => (/\/assembly\/\w+\.wasm$/.test(request) ? `${prefix}${sourceOf(request)}.js` : null),
  async load(id) {
    if (!id.startsWith(prefix)) return null;
    const module = await moduleOf(id.slice(prefix.length, -".js".length));
    return `export default Uint8Array.from(atob("${Buffer.from(module).toString("base64")}"), (c) => c.charCodeAt(0));`;
  },
};
