import { InvalidArgumentError } from "commander";

/** A number of rows from the command line. */
export function parseLimit(text: string): number {
  const limit = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(limit)) throw new InvalidArgumentError("Use a whole number.");
  return limit;
}
