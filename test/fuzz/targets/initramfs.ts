import path from "node:path";
import { extractedInitramfs } from "../../../src/engine/guestFiles/extractInitramfs";
import { initramfsFiles } from "../../../src/engine/guestFiles/initramfs";
import { writeCpio } from "../../../src/qemu/cpio";
import { fixtureFiles, type FuzzTarget } from "./fuzzTarget";

/** Initial RAM disks: cpio archives, packed and not, listed and extracted. */
export const initramfsTarget: FuzzTarget = {
  name: "initramfs",
  seeds(fixtures) {
    const [program] = fixtureFiles(path.join(fixtures, "initramfs"), /^true$/);
    const folder = { name: "bin", mode: 0o40755 };
    const files = ["bin/true", "lib/one.ko", "lib/two.ko.xz"].map((name) => ({
      name,
      mode: 0o100755,
      content: program,
    }));
    return [writeCpio([folder, ...files]), ...fixtureFiles(path.join(fixtures, "initramfs"), /^small/)];
  },
  async run(file, folder) {
    for await (const { head, size } of initramfsFiles(file)) if (head.length > size) throw new Error("too long a head");
    await extractedInitramfs(file, path.join(folder, "cache"));
  },
};
