/** From the numbers that one parser gave to addresses to those of the trace's blocks. */
import { mostAddresses } from "./addressIndex";
import type { ExecutionSink } from "./executionSink";

export class BlockNumbers {
  /** By the parser's number; -1: the address is one too many for the trace. */
  readonly blocks: Int32Array;
  /** None of them is -1. */
  complete = true;
  private known = 0;

  constructor(private readonly sink: ExecutionSink) {
    this.blocks = sink.newTranslation(mostAddresses);
  }

  /** Forgets everything: the parser numbers addresses anew. */
  clear(): void {
    this.known = 0;
    this.complete = true;
  }

  /** Takes the addresses that the parser numbered next. */
  add(addresses: BigUint64Array): void {
    for (const address of addresses) {
      const block = this.sink.blockAt(Number(address & 0xffff_ffffn), Number(address >> 32n));
      this.blocks[this.known++] = block;
      if (block < 0) this.complete = false;
    }
  }
}
