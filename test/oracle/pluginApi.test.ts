/** The recorder's own declarations of QEMU's plugin interface, against the headers of the QEMUs that are tested with. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { ensureQemu10PluginHeader } from "../../scripts/environment/qemuPluginHeader.mjs";
import { ensureQemuSource } from "../../scripts/environment/qemuSource.mjs";

const support = path.join(__dirname, "../support");
let folder: string;
let headers: ReadonlyMap<number, string>;

beforeAll(async () => {
  await ensurePackages(["gcc", "libc6-dev"]);
  folder = mkdtempSync(path.join(tmpdir(), "bootscope-plugin-api-"));
  headers = new Map([
    [1, path.join(await ensureQemuSource(), "include/qemu/qemu-plugin.h")],
    [4, await ensureQemu10PluginHeader()],
  ]);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Compiles the comparison; answers the compiler's errors and, where there are none, what the program prints. */
function compare(api: number, header?: string): { readonly errors: string; readonly layout: string } {
  const program = path.join(folder, "check");
  const behind = header === undefined ? [] : [`-DQEMU_HEADER="${header}"`, "-I", path.join(support, "glib")];
  const args = [`-DAPI=${api}`, "-Wall", "-Werror", ...behind, "-o", program, path.join(support, "pluginApiCheck.c")];
  const { status, stderr } = spawnSync("gcc", args, { encoding: "utf8" });
  return { errors: stderr, layout: status === 0 ? execFileSync(program, { encoding: "utf8" }) : "" };
}

describe.each([1, 4])("plugin interface %i", (api) => {
  it("is declared as QEMU declares it", () => {
    const { errors, layout } = compare(api, headers.get(api));
    expect(errors).toBe("");
    expect(layout).toBe(compare(api).layout);
    expect(layout).toContain(`interface ${api}`);
  });

  it("is not that of another number", () => {
    expect(compare(api === 1 ? 4 : 1, headers.get(api)).errors).toContain("qemu_plugin_insn_data");
  });
});
