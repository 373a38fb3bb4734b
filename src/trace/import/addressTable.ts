/** Keeps the table of assembly/addressTable.ts large enough. */
import { mostAddresses } from "./addressIndex";
import type { ImportMemory } from "./importMemory";

/** What a module that has the table exports. */
export interface AddressTableCode {
  makeTable(at: number, slots: number, addresses: number): void;
  readonly addressCount: WebAssembly.Global;
}

/** So few that the tables of most guests stay in the processor's cache. */
const firstSlots = 1 << 12;

export class AddressTable {
  private slots = firstSlots;
  private taken = 0;

  constructor(
    private readonly code: AddressTableCode,
    private readonly memory: ImportMemory,
  ) {
    this.make();
  }

  /** The addresses that got numbers since the last call. */
  takeNew(): BigUint64Array {
    const from = this.taken;
    this.taken = this.code.addressCount.value;
    return this.memory.addresses(from, this.taken).slice();
  }

  /** Makes the table larger if it is full; false when it was not, or may not grow. */
  grow(): boolean {
    if (this.code.addressCount.value * 2 < this.slots || this.slots >= 2 * mostAddresses) return false;
    this.slots *= 2;
    this.make();
    return true;
  }

  /** Forgets all addresses: numbers begin anew. */
  clear(): void {
    this.code.addressCount.value = 0;
    this.taken = 0;
    this.make();
  }

  private make(): void {
    this.memory.reserveTable(this.slots);
    this.code.makeTable(this.memory.tableAt, this.slots, this.memory.addressesAt);
  }
}
