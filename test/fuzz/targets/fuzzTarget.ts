import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** What is given spoiled files. */
export interface FuzzTarget {
  readonly name: string;
  /** Whole files to begin with. @param fixtures the folder test/fixtures @param folder for files that making them takes */
  seeds(fixtures: string, folder: string): Promise<Uint8Array[]> | Uint8Array[];
  /** Makes checksums right again, so that what is behind them is reached. */
  readonly repair?: (bytes: Buffer) => Buffer;
  /**
   * Reads a file in every way there is. Rejects with BootscopeError when it refuses it; any other failure is a fault.
   * @param folder only for this, to write into
   */
  run(file: string, folder: string): Promise<void>;
}

/** The files of a folder of the fixtures whose names match. */
export function fixtureFiles(folder: string, names: RegExp): Buffer[] {
  return readdirSync(folder)
    .filter((name) => names.test(name))
    .map((name) => readFileSync(path.join(folder, name)));
}
