/**
 * What xz's filters for branches ("BCJ") do to machine code, undone: they replace the distance in a branch by the address that it
 * goes to, which repeats more often (xz-file-format.txt, 5.3.2; their encodings are those of the processors' manuals).
 */

/** Changes code in place. `start` is what the filter takes for the address of the first byte. */
export type BranchFilter = (code: Uint8Array, start: number) => void;

/** By the filters' numbers. */
export const branchFilters: ReadonlyMap<number, BranchFilter> = new Map([
  [4, undoX86],
  [7, undoArm],
  [0xa, undoArm64],
]);

const x86Branch = (byte: number): boolean => (byte & 0xfe) === 0xe8;
/** The highest byte of a distance that the filter takes for one: less than 16 MiB, either way. */
const isSignByte = (byte: number): boolean => byte === 0 || byte === 0xff;

/**
 * CALL and JMP with a distance of 32 bits. Bytes that look like one may be inside of another: the filter does not change what
 * overlaps with a candidate whose bytes, as far as they lie in the distance, could be the highest of one.
 */
function undoX86(code: Uint8Array, start: number): void {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  /** Bit n: n + 1 bytes before there was a candidate that was left as it is. */
  let near = 0;
  let last = -1;
  for (let at = 0; at + 5 <= code.length; at++) {
    if (!x86Branch(code[at])) continue;
    const apart = at - last;
    near = apart > 3 ? 0 : (near << (apart - 1)) & 7;
    last = at;
    const isHidden = near !== 0 && (hides.has(near) || isSignByte(code[at + 4 - highestBit(near)]));
    if (isHidden || !isSignByte(code[at + 4])) {
      near = (near << 1) | 1;
      continue;
    }
    let value = view.getUint32(at + 1, true);
    for (;;) {
      const distance = (value - (start + at + 5)) >>> 0;
      const shift = 24 - 8 * highestBit(near);
      if (near === 0 || !isSignByte((distance >>> shift) & 0xff)) {
        // The distance has 25 bits with its sign.
        view.setInt32(at + 1, (distance << 7) >> 7, true);
        break;
      }
      value = (distance ^ (2 ** (shift + 8) - 1)) >>> 0;
    }
    at += 4;
    near = 0;
    last = at;
  }
}

/** Patterns of candidates nearby after which nothing is changed. */
const hides: ReadonlySet<number> = new Set([3, 5, 6, 7]);
const highestBit = (near: number): number => 32 - Math.clz32(near);

/** BL of ARM, always executed. The processor is two instructions ahead. */
function undoArm(code: Uint8Array, start: number): void {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  for (let at = 0; at + 4 <= code.length; at += 4) {
    const instruction = view.getUint32(at, true);
    if (instruction >>> 24 !== 0xeb) continue;
    const distance = instruction - ((start + at + 8) >>> 2);
    view.setUint32(at, 0xeb00_0000 + (distance & 0xff_ffff), true);
  }
}

/** BL and ADRP of AArch64; an ADRP only where it reaches no further than 512 MiB. */
function undoArm64(code: Uint8Array, start: number): void {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  for (let at = 0; at + 4 <= code.length; at += 4) {
    const instruction = view.getUint32(at, true);
    const address = start + at;
    if (instruction >>> 26 === 0x25) {
      view.setUint32(at, (0x9400_0000 + ((instruction - (address >>> 2)) & 0x3ff_ffff)) >>> 0, true);
    } else if ((instruction & 0x9f00_0000) >>> 0 === 0x9000_0000) {
      const pages = ((instruction >>> 29) & 3) | ((instruction >>> 3) & 0x1f_fffc);
      if (((pages + 0x2_0000) & 0x1c_0000) !== 0) continue;
      const distance = pages - (address >>> 12);
      const sign = (distance & 0x2_0000) === 0 ? 0 : 0xe0_0000;
      const low = ((distance & 3) << 29) | ((distance & 0x3_fffc) << 3) | sign;
      view.setUint32(at, ((instruction & 0x9000_001f) | low) >>> 0, true);
    }
  }
}
