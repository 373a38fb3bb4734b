import { XzReadableStream } from "xz-decompress";
import { BootscopeError } from "../protocol/failure";

/** Unpacks xz: its first stream. */
export async function* unxz(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const stream = new XzReadableStream(
    new ReadableStream<Uint8Array>({
      async pull(controller) {
        const next = await chunks.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
    }),
  );
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      if (value.length > 0) yield value;
    }
  } catch (cause) {
    throw new BootscopeError("damaged", "The xz file is damaged or cut off.", "", { cause });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
