// Writes to a disk that overlap a range of bytes: bootscope analyze overlapping-writes.mjs TRACE START END
//   -trace 'blk_co_pwritev'

let start = 0n;
let end = 0n;
let found = 0;

export default {
  /** @param {readonly string[]} range */
  begin(range) {
    if (range.length !== 2) throw new Error("Give the first byte of the range and the first behind it.");
    [start, end] = range.map(BigInt);
  },

  blk_co_pwritev(time, blk, bs, offset, bytes, flags) {
    if (offset >= end || offset + bytes <= start) return;
    found++;
    console.log(`${time} ns: ${bytes} bytes at ${offset}, flags 0x${flags.toString(16)}`);
  },

  end() {
    console.log(`${found} writes overlap ${start} to ${end}`);
  },
};
