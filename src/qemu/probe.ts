/** Finds a QEMU on this machine and says which recorder it can load. */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import path from "node:path";
import { BootscopeError } from "../protocol/failure";
import { runTool } from "./runTool";

/** A QEMU that can record. */
export interface Qemu {
  readonly path: string;
  /** As `--version` says: "7.2.22". */
  readonly version: string;
  /** Number of its TCG plugin interface: what the recorder must be compiled for. */
  readonly pluginApi: number;
}

/** First QEMU release of each plugin interface that the recorder knows (QEMU's include/qemu/qemu-plugin.h, "version"). */
const interfaces = [
  { api: 7, since: [11, 1] },
  { api: 6, since: [11, 0] },
  { api: 5, since: [10, 1] },
  { api: 4, since: [9, 2] },
  { api: 3, since: [9, 1] },
  { api: 2, since: [9, 0] },
  { api: 1, since: [6, 0] },
] as const;

/** The plugin interface of a QEMU release, or null for one that is too old to be recorded. */
export function pluginApiOf(version: string): number | null {
  const [major, minor] = version.split(".").map(Number);
  const known = interfaces.find(({ since }) => major > since[0] || (major === since[0] && minor >= since[1]));
  return known?.api ?? null;
}

/** The version in the output of `qemu-system-* --version`, or null when it is not QEMU's. */
export function parseQemuVersion(output: string): string | null {
  return /^QEMU emulator version (\d+\.\d+(?:\.\d+)*)/m.exec(output)?.[1] ?? null;
}

/**
 * Finds and questions a QEMU.
 * @param given a path or a name on the PATH; undefined: `qemu-system-TARGET` on the PATH
 * @param target the guest's architecture in QEMU's words
 * @throws BootscopeError `no-qemu`, `no-plugin-support`
 */
export async function probeQemu(given: string | undefined, target: string): Promise<Qemu> {
  const file = await findQemu(given ?? `qemu-system-${target}`, given !== undefined);
  const [versionText, help] = await Promise.all([ask(file, "--version"), ask(file, "-help")]);
  const version = parseQemuVersion(versionText);
  if (version === null) {
    throw new BootscopeError("no-qemu", `${file} is not QEMU.`, "Give the path of a qemu-system-* program.");
  }
  const pluginApi = pluginApiOf(version);
  if (pluginApi === null) {
    throw new BootscopeError(
      "no-plugin-support",
      `QEMU ${version} is too old to be recorded.`,
      "Install QEMU 6.0 or newer.",
    );
  }
  if (!/^-plugin\b/m.test(help)) {
    throw new BootscopeError(
      "no-plugin-support",
      `${file} (QEMU ${version}) was built without TCG plugins.`,
      "Use your distribution's QEMU, or build one with --enable-plugins.",
    );
  }
  return { path: file, version, pluginApi };
}

async function ask(file: string, question: string): Promise<string> {
  try {
    return (await runTool(file, [question], { timeout: 20_000 })).stdout;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new BootscopeError("no-qemu", `${file} does not run: ${reason}`, "Check the QEMU given.", { cause });
  }
}

/**
 * The absolute path of a QEMU program: a bare name is looked for on the PATH.
 * @param given whether a person asked for this very program, for the message
 * @throws BootscopeError "no-qemu"
 */
export async function findQemu(name: string, given: boolean): Promise<string> {
  const folders = name.includes(path.sep) ? [""] : (process.env["PATH"] ?? "").split(path.delimiter);
  for (const folder of folders) {
    const file = path.resolve(folder, name);
    if (await isProgram(file)) return file;
  }
  throw given
    ? new BootscopeError("no-qemu", `There is no program ${name}.`, "Give the path of a qemu-system-* program.")
    : new BootscopeError(
        "no-qemu",
        `${name} is not on the PATH.`,
        "Install QEMU (Debian: qemu-system-x86, qemu-system-arm or qemu-system-misc), or give its path.",
      );
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
