/** Where a vmlinux may be that names a trace's addresses. Whether one belongs to the trace is the engine's to say. */
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import type * as vscode from "vscode";

/** `vmlinux`, `vmlinux-6.1.0-…`, `vmlinux.debug`, `kernel.debug`: the names that builds and distributions give. */
const isVmlinuxName = (name: string): boolean =>
  /^vmlinux([-.].*)?$|\.debug$/.test(name) && !/\.(gz|xz|zst|bz2|lz4|h|lds|S|o)$/.test(name);

/** Folders of a distribution's debug kernels. */
const systemFolders = ["/usr/lib/debug/boot", "/usr/lib/debug"] as const;
const moduleFolders = ["/usr/lib/debug/lib/modules", "/usr/lib/debug/usr/lib/modules"] as const;

/** Names in a folder; none when it does not exist or may not be read. */
async function names(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch {
    return [];
  }
}

async function isFile(candidate: string): Promise<boolean> {
  try {
    return (await stat(candidate)).isFile();
  } catch {
    return false;
  }
}

const vmlinuxIn = async (folder: string): Promise<string[]> =>
  (await names(folder)).filter(isVmlinuxName).map((name) => path.join(folder, name));

const bootImagesIn = async (folder: string): Promise<string[]> =>
  (await names(folder)).filter((name) => /^(bzImage|vmlinuz)/.test(name)).map((name) => path.join(folder, name));

export interface CandidateSources {
  /** The trace's file. */
  readonly trace: string;
  /** Paths that were named outright (an earlier choice, the setting), best first. */
  readonly named: readonly string[];
  readonly folders: readonly vscode.WorkspaceFolder[];
}

/**
 * Existing files that may be the trace's vmlinux, best first: those named outright, those beside the trace, at the top
 * of the workspace's folders, and installed debug kernels. Looks at folders, never into files; unreadable ones are skipped.
 */
export async function vmlinuxCandidates(sources: CandidateSources): Promise<string[]> {
  const groups = await Promise.all([
    vmlinuxIn(path.dirname(sources.trace)),
    ...sources.folders.flatMap((folder) => [
      vmlinuxIn(folder.uri.fsPath),
      vmlinuxIn(path.join(folder.uri.fsPath, "build")),
    ]),
    ...systemFolders.map(vmlinuxIn),
    ...moduleFolders.map(async (modules) => (await names(modules)).map((name) => path.join(modules, name, "vmlinux"))),
    // The bootable image has the names of functions, and no lines: better than nothing.
    bootImagesIn(path.dirname(sources.trace)),
    ...sources.folders.map((folder) => bootImagesIn(path.join(folder.uri.fsPath, "arch/x86/boot"))),
  ]);
  const all = [...new Set([...sources.named, ...groups.flat()])];
  const exists = await Promise.all(all.map(isFile));
  return all.filter((_, index) => exists[index]);
}
