/** Runs a short-lived program to its end. */
import { execFile, type ExecFileException } from "node:child_process";

export interface ToolOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that could not be run, or failed. */
export class ToolError extends Error {
  /** "ENOENT" when there is no such program; its exit code when it failed. */
  readonly code: string | number | null | undefined;

  constructor(
    cause: ExecFileException,
    readonly stderr: string,
  ) {
    super(cause.message, { cause });
    this.code = cause.code;
  }
}

/**
 * Runs a program without a shell and without input.
 * @throws ToolError
 */
export function runTool(
  file: string,
  args: readonly string[],
  options: { timeout?: number; cwd?: string; signal?: AbortSignal } = {},
): Promise<ToolOutput> {
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { ...options, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr });
      else reject(new ToolError(error, stderr));
    });
    child.stdin?.end();
  });
}
