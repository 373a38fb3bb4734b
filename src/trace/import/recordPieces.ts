/** Reads executions from pieces of a simple trace's file: on a thread, which gets no bytes but where they are. */
import { readSync } from "node:fs";
import type { ImportMemory } from "./importMemory";
import { RecordReader, type RecordLayout, type RecordPart } from "./recordReader";

/** A piece of a file. */
export interface FilePiece {
  /** Of the open file. */
  readonly descriptor: number;
  /** Where in it the piece's first record begins, and where its last one ends. */
  readonly from: number;
  readonly to: number;
  readonly layout: RecordLayout;
  /** Of the memory: whose columns get the rows. */
  readonly place: number;
  /** When it changes, addresses are numbered anew. */
  readonly generation: number;
}

export interface FilePart extends RecordPart {
  /** Position in the file of the first record that has to be read in another way, or the end of the piece. */
  readonly stop: number;
}

/** Read at a time: what was just copied from the system is still in the processor's cache. */
export const stepBytes = 256 * 1024;

export class RecordPieces {
  private readonly reader: RecordReader;
  private readonly text: Uint8Array;
  private generation = 0;

  constructor(private readonly memory: ImportMemory) {
    this.reader = new RecordReader(memory);
    this.text = memory.text(0).subarray(0, stepBytes);
  }

  /** Throws what the system says when the file cannot be read. Ends early when the memory's reader is told to. */
  parse({ descriptor, from, to, layout, place, generation }: FilePiece): FilePart {
    const { memory, reader, text } = this;
    if (generation !== this.generation) reader.forget();
    this.generation = generation;
    reader.begin(place, layout);
    let stop = from;
    while (stop < to && !memory.isInterrupted) {
      const length = readSync(descriptor, text, 0, Math.min(text.length, to - stop), stop);
      const taken = reader.read(0, 0, length);
      if (taken === 0) break;
      stop += taken;
    }
    return { ...reader.end(), stop };
  }
}
