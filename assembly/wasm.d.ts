/** Sources of this folder as bundles import them: compiled (scripts/assembly.mjs), to be instantiated with memory of the importer's. */
declare module "*.wasm" {
  const module: Uint8Array<ArrayBuffer>;
  export default module;
}
