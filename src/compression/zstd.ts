import { Decompress, ZstdErrorCode, type ZstdError } from "fzstd";
import { BootscopeError } from "../protocol/failure";

/** As much as zstd itself allows unasked: the decoder holds a window of this size in memory. */
const mostWindowBytes = 128 * 1024 * 1024;
const headerBytes = 18;

/** Unpacks Zstandard (RFC 8878), all frames of it. */
export async function* unzstd(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const decoder = new Decompress((piece) => {
    if (piece.length > 0) pieces.push(piece);
  });
  let first = true;
  for await (const chunk of chunks) {
    if (first && windowBytes(chunk) > mostWindowBytes) throw windowTooLarge();
    first = false;
    const failure = pushed(decoder, chunk, false);
    yield* pieces.splice(0);
    if (failure !== null) throw failure;
  }
  const failure = pushed(decoder, new Uint8Array(0), true);
  yield* pieces.splice(0);
  if (failure !== null) throw failure;
}

function pushed(decoder: Decompress, chunk: Uint8Array, final: boolean): BootscopeError | null {
  try {
    decoder.push(chunk, final);
    return null;
  } catch (cause) {
    const { code, message } = cause as ZstdError;
    if (code === ZstdErrorCode.WindowSizeTooLarge) return windowTooLarge();
    const what = code === ZstdErrorCode.UnexpectedEOF ? "is cut off" : `is damaged (${message})`;
    return new BootscopeError("damaged", `The zstd file ${what}.`, "", { cause });
  }
}

/** Memory that the first frame asks for (RFC 8878, 3.1.1.1); 0 when its header is not whole. */
function windowBytes(start: Uint8Array): number {
  if (start.length < headerBytes) return 0;
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const descriptor = start[4];
  const singleSegment = (descriptor & 0x20) !== 0;
  if (!singleSegment) {
    const base = 2 ** (10 + (start[5] >> 3));
    return base + (base / 8) * (start[5] & 7);
  }
  const at = 5 + [0, 1, 2, 4][descriptor & 3];
  switch (descriptor >> 6) {
    case 0:
      return start[at];
    case 1:
      return view.getUint16(at, true) + 256;
    case 2:
      return view.getUint32(at, true);
    default:
      return Number(view.getBigUint64(at, true));
  }
}

const windowTooLarge = (): BootscopeError =>
  new BootscopeError(
    "unsupported",
    "The zstd file needs more than 128 MiB of memory to unpack.",
    "Unpack it with zstd -d --long=31 first.",
  );
