/* eslint-disable no-unused-vars -- how many parameters a method has decides what it is given */
// Bytes read from and written to disks, summed up over time: one line per request, ready for a plot.
//   -trace 'blk_co_p*'

let first = null;
let read = 0n;
let written = 0n;

function print(time) {
  first ??= time;
  console.log(`${(Number(time - first) / 1e9).toFixed(6)} ${read} ${written}`);
}

export default {
  blk_co_preadv(time, blk, bs, offset, bytes, flags) {
    read += bytes;
    print(time);
  },

  blk_co_pwritev(time, blk, bs, offset, bytes, flags) {
    written += bytes;
    print(time);
  },
};
