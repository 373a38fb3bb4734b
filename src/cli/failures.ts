import { toFailure, type Failure } from "../protocol/failure";

const exitCodes = { defect: 1, badInput: 2, interrupted: 130 } as const;

/** Says on standard error what went wrong and what to do about it, and sets the exit code. */
export function fail(error: unknown): void {
  const failure = toFailure(error);
  tellFailure(failure);
  const { code } = failure;
  if (code === "cancelled") process.exitCode = exitCodes.interrupted;
  else process.exitCode = code === "internal" ? exitCodes.defect : exitCodes.badInput;
}

export function tellFailure({ message, advice }: Failure): void {
  process.stderr.write(`bootscope: ${[message, advice].filter((part) => part !== "").join("\n  ")}\n`);
}
