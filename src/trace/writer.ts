/** Writes .bst files: the importers' counterpart of the recorder, with the same bytes (docs/trace-format.md). */
import { randomBytes } from "node:crypto";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { BootscopeError } from "../protocol/failure";
import { formatBlockRecord, type BlockRecord } from "./blocks";
import { noVcpu, sealChunk } from "./chunk";
import { ExecutionEncoder } from "./encoder";
import { EventEncoder } from "./events/eventEncoder";
import type { ThreadKind } from "./events/eventDescriptor";
import { formatFileHeader, type FileHeader } from "./fileHeader";
import { RunEncoder } from "./runEncoder";
import { formatSwitchRecord, type SwitchRecord } from "./switches";
import { ChunkKind, type TraceMetadata, type TraceTail } from "./types";

const blockChunkBytes = 256 * 1024;
/** Few, so that there soon is something to show of a trace that is still being imported. */
const firstChunkExecutions = 2 ** 16;

/**
 * Writes a trace to a temporary name beside `path` and renames it at the end, so that `path` is never half a trace.
 *
 * `addBlock`, streams and `addSwitch` only buffer; the caller awaits `drain` now and then, so that chunks do not pile up in
 * memory. End with `finish` or `discard`.
 */
export class TraceWriter {
  private readonly streams = new Map<number, ExecutionEncoder>();
  private readonly header: Omit<FileHeader, "headerLength" | "finished">;
  private pending: Uint8Array[] = [];
  private sequence = 0;
  /** Where the next chunk goes that is not pending any more, and the writing of those before it. */
  private position = 0;
  private written = Promise.resolve();
  private blocks: Uint8Array[] = [];
  private blockBytes = 0;
  private blocksWritten = 0;
  private switches: Uint8Array[] = [];
  private switchesWritten = 0;
  /** Gives the payload of the events chunk that is being filled, or null. */
  private unsealedEvents = (): Uint8Array | null => null;
  /** Of a trace's last execution: without a clock, executions are the units of time. */
  private lastDuration = 0;
  /** Encodes runs of all streams. */
  readonly runs = new RunEncoder();

  private constructor(
    private readonly path: string,
    private readonly temporaryPath: string,
    private readonly file: FileHandle,
    private readonly payloadBytes: number | undefined,
  ) {
    const createdUnixNs = BigInt(Date.now()) * 1_000_000n;
    this.header = { traceId: randomBytes(16), createdUnixNs, liveExecutions: 0, liveBytes: 0 };
  }

  /**
   * @param payloadBytes size at which an execution chunk is full (tests want it small)
   * @throws BootscopeError `unwritable`
   */
  static async create(path: string, payloadBytes?: number): Promise<TraceWriter> {
    const temporaryPath = `${path}.${process.pid}.${randomBytes(4).toString("hex")}.part`;
    try {
      const file = await open(temporaryPath, "wx");
      const writer = new TraceWriter(path, temporaryPath, file, payloadBytes);
      writer.pending.push(formatFileHeader({ ...writer.header, finished: false }));
      return writer;
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  /** Where the trace is until `finish`: readable as it grows, with `tail`. */
  get partPath(): string {
    return this.temporaryPath;
  }

  /** Appends a block; answers its number. Blocks come before executions of them. */
  addBlock(block: BlockRecord): number {
    const record = formatBlockRecord(block);
    this.blocks.push(record);
    this.blockBytes += record.length;
    if (this.blockBytes >= blockChunkBytes) this.sealBlocks();
    return this.blocksWritten++;
  }

  /** Appends a task switch record; answers its number, which goes into the vCPU's stream too. */
  addSwitch(record: SwitchRecord): number {
    this.switches.push(formatSwitchRecord(record));
    return this.switchesWritten++;
  }

  /** The execution stream of a vCPU, begun at `startTime` when it is new. */
  stream(vcpu: number, startTime = 0): ExecutionEncoder {
    let stream = this.streams.get(vcpu);
    if (stream === undefined) {
      const emit = (payload: Uint8Array): void => {
        // Blocks first: a reader that follows a growing file then always knows the blocks of a chunk.
        this.sealBlocks();
        this.addChunk(ChunkKind.Executions, vcpu, payload);
      };
      const blocksKnown = (): number => this.blocksWritten;
      const [first, bytes] = [firstChunkExecutions, this.payloadBytes];
      stream = new ExecutionEncoder(vcpu, startTime, blocksKnown, emit, bytes, first, this.runs);
      this.streams.set(vcpu, stream);
    }
    return stream;
  }

  /** An encoder whose chunks of events become part of the trace. */
  eventEncoder(threads: ThreadKind): EventEncoder {
    const encoder = new EventEncoder(threads, (payload) => this.addChunk(ChunkKind.Events, noVcpu, payload));
    this.unsealedEvents = () => encoder.unsealed();
    return encoder;
  }

  addMetadata(metadata: TraceMetadata): void {
    if (metadata.clock?.kind !== undefined) this.lastDuration = metadata.clock.kind === "events" ? 1 : 0;
    this.addChunk(ChunkKind.Metadata, noVcpu, Buffer.from(JSON.stringify(metadata)));
  }

  addAttachment(name: string, mime: string, bytes: Uint8Array): void {
    const head = Buffer.from(JSON.stringify({ name, mime }));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(head.length);
    this.addChunk(ChunkKind.Attachment, noVcpu, Buffer.concat([length, head, bytes]));
  }

  /** Writes what is complete. */
  drain(): Promise<void> {
    const chunks = this.pending;
    if (chunks.length === 0) return this.written;
    const start = this.position;
    this.pending = [];
    this.position += chunks.reduce((sum, { length }) => sum + length, 0);
    this.written = this.written.then(() => this.write(chunks, start));
    return this.written;
  }

  /**
   * What is not in the file yet, as chunks that follow those that are there. The trace goes on as if nobody had asked.
   * @param metadata what is known by now
   */
  async tail(metadata: TraceMetadata): Promise<TraceTail> {
    const at = this.position;
    const chunks = [...this.pending];
    let { sequence } = this;
    const add = (kind: ChunkKind, vcpu: number, payload: Uint8Array | null): void => {
      if (payload !== null) chunks.push(sealChunk(kind, vcpu, sequence++, payload));
    };
    add(ChunkKind.Metadata, noVcpu, Buffer.from(JSON.stringify(metadata)));
    if (this.blocks.length > 0) add(ChunkKind.Blocks, noVcpu, Buffer.concat(this.blocks));
    for (const stream of this.streams.values()) {
      add(ChunkKind.Executions, stream.vcpu, stream.unsealed(this.lastDuration));
    }
    add(ChunkKind.Events, noVcpu, this.unsealedEvents());
    await this.written;
    return { at, bytes: Buffer.concat(chunks) };
  }

  /**
   * Seals everything at `time`, writes the totals and gives the file its name.
   * @param reason why the trace ends, e.g. "exit"
   */
  async finish(time: number, reason: string): Promise<void> {
    for (const stream of this.streams.values()) stream.seal(time);
    this.sealBlocks();
    if (this.switches.length > 0) this.addChunk(ChunkKind.Switches, noVcpu, Buffer.concat(this.switches));
    const streams = [...this.streams.values()];
    const executions = streams.reduce((sum, stream) => sum + stream.total, 0);
    const instructions = streams.reduce((sum, stream) => sum + stream.totalInstructions, 0);
    const totals = { executions, instructions, switches: this.switchesWritten, blocks: this.blocksWritten, reason };
    this.addChunk(ChunkKind.Totals, noVcpu, Buffer.from(JSON.stringify(totals)));
    await this.drain();
    try {
      const header = { ...this.header, finished: true, liveExecutions: executions, liveBytes: this.position };
      await this.file.write(formatFileHeader(header), 0, undefined, 0);
      await this.file.close();
      await rename(this.temporaryPath, this.path);
    } catch (cause) {
      throw unwritable(this.path, cause);
    }
  }

  /** Gives up: nothing stays on disk. Harmless after `finish`. */
  async discard(): Promise<void> {
    await this.file.close();
    await rm(this.temporaryPath, { force: true });
  }

  private async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    try {
      const bytes = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await this.file.write(bytes, done, bytes.length - done, position + done);
        done += bytesWritten;
      }
    } catch (cause) {
      throw unwritable(this.path, cause);
    }
  }

  private sealBlocks(): void {
    if (this.blocks.length === 0) return;
    this.addChunk(ChunkKind.Blocks, noVcpu, Buffer.concat(this.blocks));
    this.blocks = [];
    this.blockBytes = 0;
  }

  private addChunk(kind: ChunkKind, vcpu: number, payload: Uint8Array): void {
    this.pending.push(sealChunk(kind, vcpu, this.sequence++, payload));
  }
}

/** What a failed write is to a user. */
export function unwritable(path: string, cause: unknown): BootscopeError {
  const code = (cause as NodeJS.ErrnoException).code ?? "unknown error";
  const advice = code === "ENOSPC" ? "Free some disk space." : "Choose a folder that can be written to.";
  return new BootscopeError("unwritable", `${path} cannot be written (${code}).`, advice, { cause });
}
