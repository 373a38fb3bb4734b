/** Opens .bst files: everything but the execution stream, which `ChunkDecoder` decodes chunk by chunk on demand. */
import { readSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { BootscopeError } from "../protocol/failure";
import { fileOffset } from "../protocol/units";
import { readAttachment } from "./attachments";
import { BlockColumns } from "./blocks";
import { readFully, walkChunks, type ByteSource, type WalkedChunk } from "./chunkWalk";
import { crc32 } from "./crc";
import { parseEventsHead } from "./events/eventDecoder";
import { eventsHeadBytes } from "./events/eventEncoder";
import { executionChunk, executionHeadBytes, parseExecutionHead, tickRate, type ExecutionHead } from "./executionHead";
import { maximumMissingBlocks } from "./limits";
import { minimumHeaderBytes, parseFileHeader } from "./fileHeader";
import { mergeMetadata, parseJsonObject, validMetadata, type Json } from "./metadata";
import { SwitchColumns } from "./switches";
import { TailedFile } from "./tailedFile";
import {
  ChunkKind,
  type Attachment,
  type EventChunk,
  type ExecutionChunk,
  type TraceFile,
  type TraceTail,
} from "./types";

export interface OpenOptions {
  readonly signal?: AbortSignal;
  readonly progress?: (bytesDone: number, bytesTotal: number) => void;
  /** Of a trace that is being written: what is to be read behind the part that is in the file. */
  readonly tail?: TraceTail;
}

/**
 * Opens a trace, however much of it is there. Reads chunk heads, metadata, blocks and switches.
 * @throws BootscopeError `not-found`, `unreadable`, `not-a-trace`, `unsupported-version` or `damaged` (header only);
 *         AbortError when the signal fires
 */
export async function openTraceFile(path: string, options: OpenOptions = {}): Promise<TraceFile> {
  const file = await openForReading(path);
  try {
    const { tail } = options;
    return await new TraceReader(path, file, tail === undefined ? null : new TailedFile(file, tail), options).read();
  } finally {
    await file.close();
  }
}

/** Opens a file, with failures that name it. The caller closes the handle. */
export async function openForReading(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, "r");
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw new BootscopeError("unreadable", `${path} is not a file.`, "Choose a file.");
  } catch (cause) {
    if (cause instanceof BootscopeError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown error";
    if (code === "ENOENT") {
      throw new BootscopeError("not-found", `There is no file ${path}.`, "Check the path.", { cause });
    }
    throw new BootscopeError("unreadable", `${path} cannot be read (${code}).`, "Check its permissions.", { cause });
  }
}

/**
 * Reads a chunk's payload, synchronously: it is meant for worker threads, which have nothing else to do meanwhile.
 * @param into reused when it is large enough
 * @returns the payload, shorter than `chunk.length` when the file has shrunk
 */
export function readChunk(fd: number, chunk: ExecutionChunk, into?: Uint8Array): Uint8Array {
  if (chunk.payload !== undefined) return chunk.payload;
  const buffer = into !== undefined && into.length >= chunk.length ? into : new Uint8Array(chunk.length);
  let done = 0;
  while (done < chunk.length) {
    const bytes = readSync(fd, buffer, done, chunk.length - done, chunk.offset + done);
    if (bytes === 0) break;
    done += bytes;
  }
  return buffer.subarray(0, done);
}

/** Whether a chunk's payload is what was sealed. An unsealed chunk has no checksum: its records end where they end. */
export const isIntact = (payload: Uint8Array, chunk: ExecutionChunk): boolean =>
  !chunk.sealed || (payload.length === chunk.length && crc32(payload) === chunk.crc);

interface PlacedExecutions {
  readonly chunk: WalkedChunk;
  readonly head: ExecutionHead;
}

/** Reads one file, chunk after chunk. */
class TraceReader {
  private readonly file: ByteSource;
  private readonly blocks = new BlockColumns();
  private readonly switchPayloads: Uint8Array[] = [];
  private readonly attachments: Attachment[] = [];
  private readonly executions: PlacedExecutions[] = [];
  private readonly events: EventChunk[] = [];
  private metadata: Json = {};
  private totals: Json | null = null;
  private truncated = false;
  private skippedBytes = 0;
  /** Blocks before the first place where a blocks chunk may be missing; Infinity when there is none. */
  private surelyNumberedBlocks = Infinity;

  constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly tailed: TailedFile | null,
    private readonly options: OpenOptions,
  ) {
    this.file = tailed ?? handle;
  }

  async read(): Promise<TraceFile> {
    const { signal, progress } = this.options;
    const size = this.tailed?.bytes ?? (await this.handle.stat()).size;
    const header = parseFileHeader(await this.bytesAt(0, Math.min(minimumHeaderBytes, size)), this.path);
    const walk = await walkChunks(this.file, header.headerLength, size, signal, progress);
    this.skippedBytes = walk.skippedBytes;
    this.truncated = !header.finished;
    let expected = 0;
    for (const chunk of walk.chunks) {
      signal?.throwIfAborted();
      if (chunk.head.sequence !== expected) this.doubtLaterBlocks();
      expected = chunk.head.sequence + 1;
      if (!chunk.whole) this.truncated = true;
      await this.take(chunk);
    }
    this.settleBlocks();
    const metadata = validMetadata(this.metadata);
    const chunks = placeExecutions(this.executions, metadata.clock?.tickShift ?? 0).map((chunk) =>
      this.withPayload(chunk),
    );
    return {
      path: this.path,
      bytes: size,
      metadata,
      blocks: this.blocks,
      chunks,
      switches: new SwitchColumns(this.switchPayloads),
      events: this.events,
      attachments: this.attachments,
      damage: {
        truncated: this.truncated || this.totals === null,
        skippedBytes: this.skippedBytes,
        lostExecutions: executionsBetween(chunks),
      },
    };
  }

  private async take(chunk: WalkedChunk): Promise<void> {
    switch (chunk.head.kind) {
      case ChunkKind.Metadata: {
        const json = await this.jsonOf(chunk);
        if (json !== null) this.metadata = mergeMetadata(this.metadata, json);
        break;
      }
      case ChunkKind.Totals:
        this.totals = await this.jsonOf(chunk);
        break;
      case ChunkKind.Blocks:
        await this.takeBlocks(chunk);
        break;
      case ChunkKind.Executions: {
        const head = parseExecutionHead(await this.bytesAt(chunk.offset, Math.min(chunk.length, executionHeadBytes)));
        if (head !== null) this.executions.push({ chunk, head });
        else if (chunk.head.sealed) this.skippedBytes += chunk.length;
        break;
      }
      case ChunkKind.Switches: {
        const payload = await this.checkedPayload(chunk);
        if (payload !== null) this.switchPayloads.push(payload);
        break;
      }
      case ChunkKind.Attachment: {
        const attachment = chunk.whole ? await readAttachment(this.file, chunk) : null;
        if (attachment !== null) this.attachments.push(attachment);
        break;
      }
      case ChunkKind.Events: {
        const head = chunk.whole ? parseEventsHead(await this.bytesAt(chunk.offset, eventsHeadBytes)) : null;
        const { offset, length } = chunk;
        if (head !== null) {
          this.events.push(this.withPayload({ offset: fileOffset(offset), length, crc: chunk.head.crc, ...head }));
        }
        if (head === null && chunk.head.sealed) this.skippedBytes += chunk.length;
        break;
      }
      case null:
        break;
    }
  }

  /**
   * Numbers follow from positions, so blocks of a damaged chunk are kept as long as its records add up to its length: a
   * wrong field in one block costs less than wrong names for all later ones.
   */
  private async takeBlocks(chunk: WalkedChunk): Promise<void> {
    const payload = await this.bytesAt(chunk.offset, chunk.length);
    const whole = this.blocks.add(payload);
    if (!chunk.whole) return;
    if (whole < payload.length) this.doubtLaterBlocks();
    if (whole < payload.length || crc32(payload) !== chunk.head.crc) this.skippedBytes += payload.length;
  }

  private doubtLaterBlocks(): void {
    this.surelyNumberedBlocks = Math.min(this.surelyNumberedBlocks, this.blocks.count);
  }

  /**
   * Forgets blocks whose number is in doubt, as executions would get wrong names, and makes room for blocks that are not in
   * what is left of the file: executions of both count, without an address.
   */
  private settleBlocks(): void {
    if (this.totals?.["blocks"] !== this.blocks.count) this.blocks.truncate(this.surelyNumberedBlocks);
    const known = this.executions.reduce((most, { head }) => Math.max(most, head.blocksKnown), 0);
    this.blocks.extend(Math.min(known, this.blocks.count + maximumMissingBlocks));
    this.blocks.finish();
  }

  private async jsonOf(chunk: WalkedChunk): Promise<Json | null> {
    const payload = chunk.whole ? await this.checkedPayload(chunk) : null;
    return payload === null ? null : parseJsonObject(payload);
  }

  /** The payload, or null (and counted) when it is not what was sealed. */
  private async checkedPayload(chunk: WalkedChunk): Promise<Uint8Array | null> {
    const payload = await this.bytesAt(chunk.offset, chunk.length);
    if (!chunk.whole || crc32(payload) === chunk.head.crc) return payload;
    this.skippedBytes += payload.length;
    return null;
  }

  private withPayload<Chunk extends { readonly offset: number; readonly length: number }>(chunk: Chunk): Chunk {
    const payload = this.tailed?.payload(chunk) ?? null;
    return payload === null ? chunk : { ...chunk, payload };
  }

  private async bytesAt(position: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await readFully(this.file, bytes, position);
    return bytes;
  }
}

/** Chunk places with their clock rates: an unsealed chunk takes that of the chunk before it on its vCPU, else of any. */
function placeExecutions(placed: readonly PlacedExecutions[], tickShift: number): ExecutionChunk[] {
  const rates = placed.map(({ chunk, head }) => (chunk.head.sealed ? tickRate(head, tickShift) : null));
  const anyRate = rates.find((rate) => rate !== null) ?? 2 ** tickShift;
  const lastRate = new Map<number, number>();
  return placed.map(({ chunk, head }, index) => {
    const { vcpu } = chunk.head;
    const rate = rates[index] ?? (chunk.head.sealed ? 0 : (lastRate.get(vcpu) ?? anyRate));
    if (rates[index] !== null) lastRate.set(vcpu, rate);
    const { offset, length, whole: sealed } = chunk;
    return executionChunk({ offset, length, sealed, crc: chunk.head.crc, vcpu }, head, rate);
  });
}

/** Executions that a vCPU's chunks leave out between one another. */
function executionsBetween(chunks: readonly ExecutionChunk[]): number {
  const expected = new Map<number, number>();
  let lost = 0;
  for (const chunk of chunks) {
    lost += Math.max(0, chunk.firstExecution - (expected.get(chunk.vcpu) ?? 0));
    // An unsealed chunk does not say what it holds: nothing is known to be missing after it.
    expected.set(chunk.vcpu, chunk.sealed ? chunk.firstExecution + chunk.executions : Infinity);
  }
  return lost;
}
