import { XzReadableStream } from "xz-decompress";
import { BootscopeError } from "../protocol/failure";

/** Unpacks xz, all streams of a file. The library unpacks one file at a time in a process: others wait for their turn. */
export async function* unxz(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let failure: { readonly of: unknown } | null = null;
  const stream = new XzReadableStream(
    new ReadableStream<Uint8Array>({
      async pull(controller) {
        try {
          const next = await chunks.next();
          if (next.done === true) controller.close();
          else controller.enqueue(next.value);
        } catch (error) {
          failure = { of: error };
          throw error;
        }
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
    const own = failure as { readonly of: unknown } | null;
    if (own !== null) throw own.of;
    throw new BootscopeError("damaged", "The xz file is damaged or cut off.", "", { cause });
  } finally {
    await reader.cancel().catch(() => undefined);
    // Not waited for: the stream reads ahead, and what it waits for may never come.
    chunks.return(undefined).catch(() => undefined);
  }
}
