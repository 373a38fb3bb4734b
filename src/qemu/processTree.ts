/** A program and all that it starts, as one process group that can be ended for certain. */
import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/** How a program ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Milliseconds between asking a program to end and killing it. */
const grace = 3000;

export class ProcessTree {
  readonly child: ChildProcess;
  /** Rejects when the program could not be started. */
  readonly exited: Promise<Exit>;

  constructor(
    file: string,
    args: readonly string[],
    options: { readonly stdio: StdioOptions; readonly env: NodeJS.ProcessEnv },
  ) {
    // A session of its own: signals of the terminal reach it only through us, and a wrapper script's children die with it.
    this.child = spawn(file, args, { ...options, detached: true });
    this.exited = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("close", (code, signal) => resolve({ code, signal }));
    });
    // Whoever awaits `exited` gets the error; nobody else needs to.
    this.exited.catch(() => undefined);
  }

  /** Asks the whole group to end and kills what is left after the grace period. Resolves when the program has ended. */
  async end(): Promise<void> {
    this.signal("SIGTERM");
    const ended = this.exited.then(
      () => true,
      () => true,
    );
    const patience = new AbortController();
    const inTime = await Promise.race([ended, sleep(grace, false, { signal: patience.signal }).catch(() => false)]);
    patience.abort();
    // Also after a clean end: a wrapper may be gone while what it started is not.
    this.signal("SIGKILL");
    if (!inTime) await ended;
  }

  /** Sends a signal to every process of the group that is still there. */
  private signal(name: NodeJS.Signals): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
