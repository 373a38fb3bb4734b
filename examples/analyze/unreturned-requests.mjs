/* eslint-disable no-unused-vars -- how many parameters a method has decides what it is given */
// Virtqueue elements that a device took and never gave back: requests that hang, or were under way at the end.
//   -trace 'virtqueue_*'

/** When and from which queue each element was taken. @type {Map<bigint, { time: bigint, queue: bigint }>} */
const pending = new Map();

/** @type {import("bootscope/analyzer").Analyzer & Record<string, import("bootscope/analyzer").EventMethod>} */
export default {
  /** @param {bigint} time @param {bigint} vq @param {bigint} elem @param {bigint} _in @param {bigint} _out */
  virtqueue_pop(time, vq, elem, _in, _out) {
    pending.set(elem, { time, queue: vq });
  },

  /** @param {bigint} _vq @param {bigint} elem */
  virtqueue_fill(_vq, elem) {
    pending.delete(elem);
  },

  end() {
    for (const [elem, { time, queue }] of pending) {
      console.log(`0x${elem.toString(16)} of queue 0x${queue.toString(16)}, taken at ${time} ns`);
    }
    console.log(`${pending.size} never returned`);
  },
};
