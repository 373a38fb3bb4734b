/** The bytes of a trace in order, wherever they come from: a file as it is, a compressed file, or a pipe. */
import type { FileHandle } from "node:fs/promises";

/** What an input begins with. */
export interface Peeked {
  readonly bytes: number;
  /** Nothing follows them. */
  readonly whole: boolean;
}

/** A file whose bytes are a trace's. */
export interface InputFile {
  readonly handle: FileHandle;
  readonly bytes: number;
  /** What lies before `position` was read by other means: `read` goes on there. Answers false when nothing more is to be read. */
  goTo(position: number): boolean;
}

export interface TraceInput {
  /** By which the trace is known. */
  readonly path: string;
  /** All files that its bytes are in. */
  readonly files: readonly string[];
  /** What to know about them, as sentences. */
  readonly notes: readonly string[];
  /** The file, when its bytes are the trace's: importers may then read it anywhere, on any thread. Otherwise null. */
  readonly file: InputFile | null;
  /** Bytes read so far, of the file as it is on disk. */
  readonly bytesDone: number;
  /** Size of the file as it is on disk; Infinity for pipes. */
  readonly bytesTotal: number;
  /** After the end was met: what is wrong with a compressed file, as a sentence, or null. */
  readonly problem: string | null;
  /**
   * Fills the buffer from the trace's first bytes, without consuming them: with fewer at the end, or where more of them than
   * `known` are there and no others come for a moment.
   */
  peek(into: Uint8Array, known?: number): Promise<Peeked>;
  /** Fills the buffer with the next bytes. Answers how many: fewer where no others come for a moment, 0 at the end only. */
  read(into: Uint8Array): Promise<number>;
  close(): Promise<void>;
}
