/** From the numbers that one parser gave to addresses to those of the trace's blocks. */
import { mostAddresses } from "./addressIndex";
import type { BlockTranslation, ExecutionSink } from "./executionSink";

const noAddresses = new BigUint64Array(0);

export class BlockNumbers implements BlockTranslation {
  readonly blocks: Int32Array;
  complete = true;
  /** By the trace's number of the address: the parser's number + 1; 0: it has none. */
  private readonly parserNumbers = new Int32Array(new SharedArrayBuffer(mostAddresses * 4));
  private known = 0;
  private expected: BigUint64Array = noAddresses;

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
      const number = this.sink.numberOf(Number(address & 0xffff_ffffn), Number(address >> 32n));
      this.blocks[this.known++] = this.sink.currentBlock(number);
      if (number < 0) this.complete = false;
      else this.parserNumbers[number] = this.known;
    }
  }

  /** The parser numbered these next: each is taken when rows have it, so that it begins with what is known of it then. */
  expect(addresses: BigUint64Array): void {
    this.expected = addresses;
  }

  /** Takes the expected addresses up to those that rows `from` to `to` have. */
  addUsed(block: Uint32Array, from: number, to: number): void {
    if (this.expected.length === 0) return;
    let next = this.known;
    for (let row = from; row < to; row++) next = Math.max(next, block[row] + 1);
    const used = next - this.known;
    this.add(this.expected.subarray(0, used));
    this.expected = this.expected.subarray(used);
  }

  /** Takes all expected addresses that are left. */
  addRest(): void {
    this.add(this.expected);
    this.expected = noAddresses;
  }

  /** The block at an address is another one now. @param number the trace's, of the address */
  renew(number: number): void {
    const known = this.parserNumbers[number];
    if (known > 0) this.blocks[known - 1] = this.sink.currentBlock(number);
  }
}
