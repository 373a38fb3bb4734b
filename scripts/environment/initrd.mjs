// Initial RAM disks for the kernels of tests.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";

/**
 * Writes a gzipped cpio archive with busybox, empty mount points and what is given.
 *
 * @param {object} content
 * @param {string} content.busybox A static one.
 * @param {string} content.init The script that the kernel starts.
 * @param {Record<string, string>} [content.files] Path in the archive → file on this machine.
 * @param {string} output
 */
export function makeInitrd({ busybox, init, files = {} }, output) {
  const tree = `${output}.tree`;
  for (const folder of ["bin", "proc", "sys", "dev", "mnt"]) mkdirSync(path.join(tree, folder), { recursive: true });
  for (const [name, file] of Object.entries({ ...files, "bin/busybox": busybox })) {
    mkdirSync(path.dirname(path.join(tree, name)), { recursive: true });
    copyFileSync(file, path.join(tree, name));
  }
  writeFileSync(path.join(tree, "init"), init);
  chmodSync(path.join(tree, "init"), 0o755);
  const names = readdirSync(tree, { recursive: true }).sort();
  const archive = spawnSync("cpio", ["-o", "-H", "newc", "--reproducible", "--owner=0:0"], {
    cwd: tree,
    input: [".", ...names].join("\n"),
    maxBuffer: 256 * 1024 * 1024,
  });
  if (archive.status !== 0) throw new Error(`cpio failed: ${archive.stderr ?? archive.error}`);
  writeFileSync(output, gzipSync(archive.stdout, { level: 6 }));
  rmSync(tree, { recursive: true });
}
