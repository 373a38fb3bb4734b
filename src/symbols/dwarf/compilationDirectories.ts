import { BootscopeError } from "../../protocol/failure";
import type { DebugInfo } from "./debugInfo";

/**
 * DW_AT_comp_dir of every compilation unit by the offset of its line table (DW_AT_stmt_list). Only the root entries of
 * .debug_info are read. Units that make no sense are left out: their paths stay relative.
 */
export function readCompilationDirectories(info: DebugInfo): ReadonlyMap<number, string> {
  const directories = new Map<number, string>();
  for (const unit of info.units()) {
    try {
      const root = info.readRoot(unit).readRoot();
      if (root?.lineTable != null && root.compilationDirectory !== null) {
        directories.set(root.lineTable, root.compilationDirectory);
      }
    } catch (error) {
      if (!(error instanceof BootscopeError)) throw error;
    }
  }
  return directories;
}
