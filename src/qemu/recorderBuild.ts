/** Compiles the recorder, a TCG plugin in C, for the QEMU that will load it. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import path from "node:path";
import { BootscopeError } from "../protocol/failure";
import { cachedFile } from "./cacheFolder";
import { runTool, ToolError } from "./runTool";

/** Compilers by the names that they have on Unix systems, in the order in which they are tried. */
const compilers = ["cc", "gcc", "clang"] as const;
const flags = ["-std=gnu11", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-pthread"] as const;

/**
 * The folder `recorder/` of this installation: beside the bundle's folder, or further up from a source file.
 * @param start the folder of the program that runs (`__dirname`)
 */
export function findRecorderSources(start: string): string {
  for (let folder = start; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, "recorder");
    if (existsSync(path.join(candidate, "plugin.c"))) return candidate;
    if (path.dirname(folder) === folder) {
      throw new BootscopeError("internal", "The recorder's source is not part of this installation.");
    }
  }
}

/**
 * The recorder for a plugin interface, compiled when the cache does not have it.
 * @returns path of the shared object
 * @throws BootscopeError `no-compiler`: there is none, or it fails
 */
export async function buildRecorder(sources: string, pluginApi: number, signal?: AbortSignal): Promise<string> {
  const names = (await readdir(sources)).filter((name) => /\.[ch]$/.test(name)).sort();
  const hash = createHash("sha256").update(JSON.stringify([flags, process.arch, process.platform]));
  for (const name of names) hash.update(name).update(await readFile(path.join(sources, name)));
  const programs = names.filter((name) => name.endsWith(".c")).map((name) => path.join(sources, name));
  // The recorder says in each trace which source it was compiled from.
  const version = hash.digest("hex").slice(0, 16);
  return cachedFile(path.join("recorder", `${version}-api${pluginApi}.so`), (draft) =>
    compile([...flags, `-DAPI=${pluginApi}`, `-DVERSION="${version}"`, "-o", draft, ...programs], signal),
  );
}

async function compile(args: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  for (const compiler of compilers) {
    try {
      await runTool(compiler, args, { timeout: 120_000, ...(signal && { signal }) });
      return;
    } catch (cause) {
      if (signal?.aborted === true || !(cause instanceof ToolError)) throw cause;
      if (cause.code === "ENOENT") continue;
      const reason = cause.stderr.split("\n").find((line) => /error/.test(line)) ?? cause.message;
      throw new BootscopeError(
        "no-compiler",
        `The recorder does not compile with ${compiler}: ${reason}`,
        "A C compiler with the C library's headers is needed (Debian: apt-get install gcc libc6-dev).",
        { cause },
      );
    }
  }
  throw new BootscopeError(
    "no-compiler",
    `There is no C compiler on the PATH (${compilers.join(", ")}). Bootscope compiles its recorder once for your QEMU.`,
    "Install one (Debian: apt-get install gcc libc6-dev).",
  );
}
