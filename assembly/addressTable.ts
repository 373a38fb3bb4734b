/** Numbers addresses in the order of their first appearance: a table with open addressing. */

@unmanaged
class Slot {
  address: u64;
  /** Number + 1; 0: free. */
  number: u32;
  unused: u32;
}
const slotBytes: usize = 16;

let table: usize = 0;
let tableMask: u32 = 0;
/** Addresses in the order of their numbers. */
let addresses: usize = 0;
/** Addresses that get numbers: those that the table takes. */
let mostAddresses: u32 = 0;
export let addressCount: u32 = 0;

/** Makes a table of addresses with `slots` (a power of two) places at `at`, and puts those known so far into it. */
export function makeTable(at: usize, slots: u32, list: usize): void {
  table = at;
  tableMask = slots - 1;
  addresses = list;
  mostAddresses = slots >> 1;
  memory.fill(at, 0, (slots as usize) * slotBytes);
  for (let number: u32 = 0; number < addressCount; number++) {
    const address = load<u64>(addresses + ((number as usize) << 3));
    let index = hash(address) & tableMask;
    while (slotAt(index).number != 0) index = (index + 1) & tableMask;
    slotAt(index).address = address;
    slotAt(index).number = number + 1;
  }
}

function slotAt(index: u32): Slot {
  return changetype<Slot>(table + (index as usize) * slotBytes);
}

/** By Fibonacci: code is aligned, so that the low bits of addresses alone would not do. */
function hash(address: u64): u32 {
  return ((address * 0x9e3779b97f4a7c15) >> 32) as u32;
}

/** Number + 1 of an address, in the order of first appearance; 0 when it is new and the table is full. */
export function numberOf(address: u64): u32 {
  let index = hash(address) & tableMask;
  let slot = slotAt(index);
  for (; slot.number != 0; slot = slotAt(index)) {
    if (slot.address == address) return slot.number;
    index = (index + 1) & tableMask;
  }
  if (addressCount == mostAddresses) return 0;
  store<u64>(addresses + ((addressCount as usize) << 3), address);
  slot.address = address;
  slot.number = ++addressCount;
  return addressCount;
}
