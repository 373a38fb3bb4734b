/** Numbers addresses in the order of their first appearance: an open-addressing hash table over two 32-bit halves. */
const initialSlots = 1 << 17;

/** Different addresses that an import tells apart: forty times those of a boot, and few enough for their tables to stay small. */
export const mostAddresses = 1 << 22;
/** Per slot: low half, high half, number + 1 (0: free), unused. One cache line holds four slots. */
const stride = 4;

export class AddressIndex {
  count = 0;
  private mask = initialSlots - 1;
  private slots = new Int32Array(initialSlots * stride);

  /** @param added called with every new address, right after it got its number */
  constructor(private readonly added: (low: number, high: number) => void) {}

  /** Number of the address with these halves (any 32-bit integers, signed or not), or -1 when it is one too many. */
  numberOf(low: number, high: number): number {
    low |= 0;
    high |= 0;
    const { slots, mask } = this;
    for (let slot = hash(low, high) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * stride;
      const number = slots[at + 2];
      if (number === 0) return this.add(at, low, high);
      if (slots[at] === low && slots[at + 1] === high) return number - 1;
    }
  }

  /** Number of the address with these halves, or -1 when it has none. */
  find(low: number, high: number): number {
    low |= 0;
    high |= 0;
    const { slots, mask } = this;
    for (let slot = hash(low, high) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * stride;
      const number = slots[at + 2];
      if (number === 0 || (slots[at] === low && slots[at + 1] === high)) return number - 1;
    }
  }

  private add(at: number, low: number, high: number): number {
    if (this.count === mostAddresses) return -1;
    const number = this.count++;
    this.slots[at] = low;
    this.slots[at + 1] = high;
    this.slots[at + 2] = number + 1;
    if (this.count * 2 > this.mask) this.grow();
    this.added(low >>> 0, high >>> 0);
    return number;
  }

  private grow(): void {
    const old = this.slots;
    this.mask = this.mask * 2 + 1;
    this.slots = new Int32Array((this.mask + 1) * stride);
    for (let from = 0; from < old.length; from += stride) {
      if (old[from + 2] === 0) continue;
      let slot = hash(old[from], old[from + 1]) & this.mask;
      while (this.slots[slot * stride + 2] !== 0) slot = (slot + 1) & this.mask;
      this.slots.set(old.subarray(from, from + 3), slot * stride);
    }
  }
}

/** Code addresses differ mostly in their low bits, and neighbours may share a cache line: those bits pass nearly unchanged. */
const hash = (low: number, high: number): number => {
  const mixed = Math.imul(high, 0x9e3779b1) ^ low;
  return mixed ^ (mixed >>> 17);
};
