/** Tells when an open trace's file is replaced, grows or goes away. */
import { watch, type FSWatcher } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import type { FileChange } from "../protocol/page";

/** What tells one state of a file from another. */
interface Stamp {
  readonly size: number;
  readonly mtimeMs: number;
}

/** A file that is being written changes all the time: it is looked at this long after a change. */
const settleMs = 300;

async function stampOf(file: string): Promise<Stamp | null> {
  try {
    const { size, mtimeMs } = await stat(file);
    return { size, mtimeMs };
  } catch {
    return null;
  }
}

/** Watches the file's folder, because a watched file is lost when it is replaced. Independent of `files.watcherExclude`. */
export class FileWatch {
  private readonly watcher: FSWatcher | undefined;
  private opened: Stamp | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly file: string,
    private readonly onChange: (change: FileChange | null) => void,
  ) {
    const name = path.basename(file);
    try {
      this.watcher = watch(path.dirname(file), { persistent: false }, (_event, changed) => {
        if (changed !== null && changed !== name) return;
        clearTimeout(this.timer);
        this.timer = setTimeout(() => void this.look(), settleMs);
      });
      this.watcher.on("error", () => this.dispose());
    } catch {
      // A folder that cannot be watched (network, permissions, too many watches): the file just is not followed.
      this.watcher = undefined;
    }
  }

  /** Takes the file as it is now as the one that is open. */
  async reset(): Promise<void> {
    this.opened = await stampOf(this.file);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.watcher?.close();
  }

  private async look(): Promise<void> {
    const now = await stampOf(this.file);
    if (now === null) this.onChange("deleted");
    else if (now.size !== this.opened?.size || now.mtimeMs !== this.opened.mtimeMs) this.onChange("changed");
    else this.onChange(null);
  }
}
