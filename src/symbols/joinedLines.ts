import type { LineColumns, LineTable } from "./types";

/** Addresses that one member answers for, and where they were in the question. */
export interface MemberAddresses {
  readonly at: readonly number[];
  readonly addresses: BigUint64Array;
}

/** The line tables of all members, with one list of files: a header that several were compiled with is one file. */
export class JoinedLines implements LineTable {
  readonly files: readonly string[];
  /** Per member, the number in `files` of each of its own. */
  private readonly fileNumber: readonly Int32Array[];

  constructor(
    private readonly tables: readonly (LineTable | null)[],
    private readonly split: (addresses: BigUint64Array) => readonly MemberAddresses[],
  ) {
    const numbers = new Map<string, number>();
    this.fileNumber = tables.map((table) =>
      Int32Array.from(table?.files ?? [], (file) => {
        const known = numbers.get(file) ?? numbers.size;
        numbers.set(file, known);
        return known;
      }),
    );
    this.files = [...numbers.keys()];
  }

  lookupMany(addresses: BigUint64Array): LineColumns {
    return this.lookUp(addresses, (table, own) => table.lookupMany(own));
  }

  entriesMany(addresses: BigUint64Array): LineColumns {
    return this.lookUp(addresses, (table, own) => table.entriesMany(own));
  }

  private lookUp(addresses: BigUint64Array, find: (table: LineTable, own: BigUint64Array) => LineColumns): LineColumns {
    const file = new Int32Array(addresses.length).fill(-1);
    const line = new Uint32Array(addresses.length);
    this.split(addresses).forEach(({ addresses: own, at }, member) => {
      const table = this.tables[member];
      const found = table === null ? null : find(table, own);
      found?.file.forEach((number, i) => {
        if (number >= 0) file[at[i]] = this.fileNumber[member][number];
        line[at[i]] = found.line[i];
      });
    });
    return { file, line };
  }
}
