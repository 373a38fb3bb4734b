/** The programs that only run as bundles, built from the source as it is into a temporary folder. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { assemblyForEsbuild } from "../../scripts/assembly.mjs";

const root = path.resolve(__dirname, "../..");

export interface Bundles {
  readonly engine: string;
  readonly scanWorker: string;
  readonly importWorker: string;
  readonly cli: string;
  remove(): Promise<void>;
}

export async function buildBundles(): Promise<Bundles> {
  const folder = await mkdtemp(path.join(tmpdir(), "bootscope-bundles-"));
  await build({
    absWorkingDir: root,
    entryPoints: {
      engine: "src/engine/main.ts",
      scanWorker: "src/engine/scanWorker.ts",
      importWorker: "src/trace/import/importWorker.ts",
      cli: "src/cli/main.ts",
    },
    outdir: folder,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    logLevel: "error",
    plugins: [assemblyForEsbuild],
  });
  const program = (name: string): string => path.join(folder, `${name}.js`);
  return {
    engine: program("engine"),
    scanWorker: program("scanWorker"),
    importWorker: program("importWorker"),
    cli: program("cli"),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
