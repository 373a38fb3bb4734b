import { BootscopeError } from "../protocol/failure";
import { ByteStream } from "./byteStream";

/** Of the "legacy" frame, which is the one that kernels and `lz4 -l` use (lz4_Frame_format.md, "Legacy frame"). */
export const lz4Magic = [0x02, 0x21, 0x4c, 0x18] as const;
const blockBytes = 8 << 20;
/** The longest that a block can get when nothing in it can be compressed. */
const mostPacked = blockBytes + Math.ceil(blockBytes / 255) + 16;

/** Unpacks LZ4's legacy frames, one after the other. Rejects with BootscopeError "damaged". */
export async function* unlz4(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const stream = new ByteStream(chunks);
  const room = new Uint8Array(blockBytes);
  for (;;) {
    const head = await stream.read(4);
    if (head === null) return;
    const value = new DataView(head.buffer).getUint32(0, true);
    if (lz4Magic.every((byte, index) => head[index] === byte)) continue;
    // Kernels end their frame with the size of the whole; padding is zeros.
    if (value > mostPacked || value === 0) return;
    const packed = await stream.read(value);
    if (packed === null) throw damaged();
    yield unpackBlock(packed, room);
  }
}

/**
 * One block (lz4_Block_format.md): runs of literals, each followed by a copy of bytes that were there before.
 * @param bytes room for the largest one, to be used again
 */
function unpackBlock(packed: Uint8Array, bytes: Uint8Array): Uint8Array {
  let [from, to] = [0, 0];
  const longer = (length: number): number => {
    if (length < 15) return length;
    for (;;) {
      const more = packed[from++] ?? 0;
      length += more;
      if (more !== 255) return length;
    }
  };
  while (from < packed.length) {
    const token = packed[from++];
    const literals = longer(token >> 4);
    if (from + literals > packed.length || to + literals > bytes.length) throw damaged();
    bytes.set(packed.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (from === packed.length) break;
    if (from + 2 > packed.length) throw damaged();
    const distance = packed[from] | (packed[from + 1] << 8);
    from += 2;
    const length = longer(token & 15) + 4;
    if (distance === 0 || distance > to || to + length > bytes.length) throw damaged();
    // Byte by byte: a copy may overlap what it makes.
    for (let index = 0; index < length; index++, to++) bytes[to] = bytes[to - distance];
  }
  return bytes.slice(0, to);
}

const damaged = (): BootscopeError => new BootscopeError("damaged", "The LZ4 data is damaged or cut off.");
