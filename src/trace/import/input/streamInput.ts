/** What can only be read in order: a pipe, a compressed file, a file that is still being written. */
import { setTimeout } from "node:timers/promises";
import { BootscopeError } from "../../../protocol/failure";
import { compressionOf, longestMagic, type Unpack } from "../../../compression/compressions";
import type { Peeked, TraceInput } from "./traceInput";

/** Who waits longer for more bytes is given those that are there. */
const pauseMilliseconds = 200;

/** What a stream comes from. */
export interface StreamSource {
  /** How many bytes there are as far as is known, before they are unpacked. */
  size(): number;
  /** All files that they are in, and what to know about those; without: the one at the path. */
  files?(): readonly string[];
  notes?(): readonly string[];
  close?(): Promise<void>;
}

/** Reads the chunks of a stream. Rejects with AbortError when the signal fires while it waits for one. */
export type ReadChunks = (signal: AbortSignal) => AsyncGenerator<Uint8Array>;

/** Keeps what was peeked until it is read. */
export class StreamInput implements TraceInput {
  readonly file = null;
  problem: string | null = null;
  bytesDone = 0;
  private readonly pieces: Uint8Array[] = [];
  /** In all pieces. */
  private there = 0;
  private readonly source: AsyncGenerator<Uint8Array>;
  private ended = false;
  /** Why it ended, if that is no fault of the trace. */
  private failure: Error | null = null;
  private pulling: Promise<boolean> | null = null;

  private constructor(
    readonly path: string,
    start: readonly Uint8Array[],
    private readonly chunks: AsyncGenerator<Uint8Array>,
    private readonly from: StreamSource,
    unpack: Unpack | null,
    /** Ends a wait for the next chunk. */
    private readonly closing: AbortController,
  ) {
    const counted = this.counted(chained(start, chunks));
    this.source = unpack === null ? counted : unpack(counted);
  }

  /**
   * @param from is closed with the input
   * @throws BootscopeError `unsupported` for compressions that cannot be read; AbortError
   */
  static async open(path: string, read: ReadChunks, from: StreamSource, signal?: AbortSignal): Promise<StreamInput> {
    const closing = new AbortController();
    const chunks = read(signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]));
    try {
      const start: Uint8Array[] = [];
      for (let length = 0; length < longestMagic;) {
        const next = await chunks.next();
        if (next.done === true) break;
        start.push(next.value);
        length += next.value.length;
      }
      const unpack = compressionOf(Buffer.concat(start), path);
      return new StreamInput(path, start, chunks, from, unpack, closing);
    } catch (error) {
      await chunks.return(undefined);
      throw error;
    }
  }

  get bytesTotal(): number {
    return this.from.size();
  }

  get files(): readonly string[] {
    return this.from.files?.() ?? [this.path];
  }

  get notes(): readonly string[] {
    return this.from.notes?.() ?? [];
  }

  async peek(into: Uint8Array, known = 0): Promise<Peeked> {
    const pause = new Pause();
    while (this.there < into.length) {
      if (!(await this.more(this.there > known ? pause : null))) break;
    }
    pause.end();
    this.throwFailure();
    let at = 0;
    for (const piece of this.pieces) {
      const part = piece.subarray(0, into.length - at);
      into.set(part, at);
      at += part.length;
    }
    return { bytes: at, whole: this.ended && at < into.length };
  }

  async read(into: Uint8Array): Promise<number> {
    const pause = new Pause();
    let at = 0;
    while (at < into.length && (this.pieces.length > 0 || (await this.more(at > 0 ? pause : null)))) {
      const piece = this.pieces.at(0);
      if (piece === undefined) continue;
      const part = piece.subarray(0, into.length - at);
      into.set(part, at);
      at += part.length;
      this.there -= part.length;
      if (part.length === piece.length) this.pieces.shift();
      else this.pieces[0] = piece.subarray(part.length);
    }
    pause.end();
    if (at === 0) this.throwFailure();
    return at;
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.source.return(undefined).catch(() => undefined);
    // Who unpacks may not have come to it yet.
    await this.chunks.return(undefined).catch(() => undefined);
    await this.from.close?.();
  }

  /** Waits for one more piece of the source; false at its end, or when the pause is over before it comes. */
  private more(pause: Pause | null): Promise<boolean> {
    if (this.ended) return Promise.resolve(false);
    this.pulling ??= this.pull().finally(() => (this.pulling = null));
    return pause === null ? this.pulling : Promise.race([this.pulling, pause.isOver()]);
  }

  /** Takes one more piece of the source; false at its end, also when it ends because it is damaged. Never rejects. */
  private async pull(): Promise<boolean> {
    try {
      const next = await this.source.next();
      if (next.done === true) this.ended = true;
      else {
        this.pieces.push(next.value);
        this.there += next.value.length;
      }
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      const isDamage = error instanceof BootscopeError ? error.code === "damaged" : error.name !== "AbortError";
      this.ended = true;
      if (isDamage) this.problem = `${error.message} What comes before that is here.`;
      else this.failure = error;
    }
    return !this.ended;
  }

  private throwFailure(): void {
    if (this.failure !== null) throw this.failure;
  }

  private async *counted(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.bytesDone += chunk.length;
      yield chunk;
    }
  }
}

/** The time that one reading waits in all. */
class Pause {
  private readonly ended = new AbortController();
  private over: Promise<false> | undefined;

  isOver(): Promise<false> {
    this.over ??= setTimeout(pauseMilliseconds, false as const, { signal: this.ended.signal }).catch(() => false);
    return this.over;
  }

  end(): void {
    this.ended.abort();
  }
}

async function* chained(start: readonly Uint8Array[], rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* start;
  yield* rest;
}
