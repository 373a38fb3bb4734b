/** QEMU's contrib plugins, compiled one by one from the source of Debian's QEMU. */
import { execFileSync } from "node:child_process";
import path from "node:path";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { ensureQemuSource } from "../../scripts/environment/qemuSource.mjs";

/** @returns path of the shared object in the folder */
export async function buildContribPlugin(name: string, folder: string): Promise<string> {
  await ensurePackages(["gcc", "libc6-dev", "libglib2.0-dev", "pkg-config"]);
  const source = await ensureQemuSource();
  const library = path.join(folder, `lib${name}.so`);
  const glib = execFileSync("pkg-config", ["--cflags", "--libs", "glib-2.0"], { encoding: "utf8" }).trim().split(/\s+/);
  const include = `-I${path.join(source, "include/qemu")}`;
  const code = path.join(source, `contrib/plugins/${name}.c`);
  execFileSync("gcc", ["-shared", "-fPIC", "-O2", "-o", library, code, include, ...glib]);
  return library;
}
