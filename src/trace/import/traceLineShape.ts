/**
 * Reads `Trace` lines by the place of their fields: in a log, nearly all lines have them where the line before had them.
 *
 *   Trace 0: 0x7f3524000100 [00000000ffff0000/00000000fffffff0/00000040/ff000200]
 *                           |open            |slash
 */
import { areEightDigits, eightDigits } from "./hexDigits";

const [space, open, close, slash] = [0x20, 0x5b, 0x5d, 0x2f];
/** `Trac`, and `e 0:` without the digit. */
const lineStart = 0x54726163;
const [vcpuMask, vcpuPattern] = [0xffff00ff | 0, 0x6520003a];
/** Offsets from the slash before the program counter: sixteen, eight and eight digits follow. */
const [flagsSlash, cflagsSlash, closing] = [17, 26, 35];

export class TraceLineShape {
  // What `read` has found.
  vcpu = 0;
  pcLow = 0;
  pcHigh = 0;
  /** Offsets in the line; 0: nothing learned yet. */
  private open = 0;
  private slash = 0;
  // Words of the digits that rarely change, as they stand in the text.
  private cflags0 = 0;
  private cflags1 = 0;
  private high0 = 0;
  private high1 = 0;

  /** Learns from a line at `at`, parsed in another way, if it has the full form. */
  learn(bytes: Uint8Array, view: DataView, at: number, openAt: number, slashAt: number): void {
    this.open = openAt - at;
    this.slash = slashAt - at;
    this.cflags0 = view.getInt32(slashAt + cflagsSlash + 1);
    this.cflags1 = view.getInt32(slashAt + cflagsSlash + 5);
    this.high0 = 0;
    if (!areEightDigits(bytes, slashAt + cflagsSlash + 1) || this.read(bytes, view, at) < 0) this.open = 0;
  }

  /** Position after the bracket of a line at `at` that has the shape of the last one and the same flags of translation; else -1. */
  read(bytes: Uint8Array, view: DataView, at: number): number {
    const openAt = at + this.open;
    const s = at + this.slash;
    const vcpuWord = view.getInt32(at + 4);
    const vcpu = ((vcpuWord >>> 8) & 0xff) - 0x30;
    if (this.open === 0 || view.getInt32(at) !== lineStart || (vcpuWord & vcpuMask) !== vcpuPattern) return -1;
    if (vcpu < 0 || vcpu > 9 || bytes[openAt] !== open || bytes[openAt - 1] !== space) return -1;
    if (bytes[s] !== slash || bytes[s + flagsSlash] !== slash || bytes[s + cflagsSlash] !== slash) return -1;
    if (bytes[s + closing] !== close) return -1;
    if (view.getInt32(s + 27) !== this.cflags0 || view.getInt32(s + 31) !== this.cflags1) return -1;
    const high0 = view.getInt32(s + 1);
    const high1 = view.getInt32(s + 5);
    if (high0 !== this.high0 || high1 !== this.high1) {
      if (!areEightDigits(bytes, s + 1)) return -1;
      this.pcHigh = eightDigits(bytes, s + 1);
      this.high0 = high0;
      this.high1 = high1;
    }
    if (!areEightDigits(bytes, s + 9)) return -1;
    this.pcLow = eightDigits(bytes, s + 9);
    this.vcpu = vcpu;
    return s + closing + 1;
  }
}
