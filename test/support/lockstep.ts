/** Follows a recording and `-d exec,nochain` of the same deterministic boot side by side. */
import { openTraceFile } from "../../src/trace/reader";
import { Terminator, type TraceFile } from "../../src/trace/types";
import { ExecLog } from "./execLog";
import { RecordedBlocks } from "./recordedBlocks";
import { readQemuLog } from "./recordings";

export interface Lockstep {
  readonly trace: TraceFile;
  /** Executions that both sides agree on. */
  compared: number;
  /**
   * Long blocks without a branch are cut where QEMU's buffers are full, and the recorder's callback takes room in them: both
   * sides then have pieces of the same straight line that begin at different places. Such pieces are counted here only.
   */
  recordedPieces: number;
  loggedPieces: number;
  /** Where they part, or null. */
  mismatch: string | null;
  /** Lines about blocks that did not run, or were cut by device access. */
  stopped: number;
  rewound: number;
  /** Executions by address, as the log has them. Addresses are 64 bits in hexadecimal without a prefix. */
  readonly logged: Map<string, number>;
  /** Executions by block number, as the recording has them; pieces left out. */
  readonly recorded: Float64Array;
}

/**
 * Compares block by block, by address.
 * @param args the recorded boot's arguments without the recorder
 * @param limit executions to compare
 */
export async function compareWithExecLog(
  path: string,
  qemu: string,
  args: readonly string[],
  limit: number,
): Promise<Lockstep> {
  const trace = await openTraceFile(path);
  const blocks = new RecordedBlocks(trace);
  try {
    const comparison = new Comparison(trace, blocks, limit);
    const log = new ExecLog({ onBlock: (high, low) => comparison.take(high, low) });
    await readQemuLog(qemu, [...args, "-d", "exec,nochain"], (bytes) => {
      log.add(bytes);
      return comparison.goesOn();
    });
    log.finish();
    return comparison.result(log);
  } finally {
    blocks.close();
  }
}

class Comparison {
  private readonly halves: Uint32Array;
  private readonly recorded: Float64Array;
  /** Executions by the address's halves. */
  private readonly logged = new Map<number, Map<number, number>>();
  /** The recorded block executed last, and those that were read ahead. */
  private previous = -1;
  private readonly ahead: number[] = [];
  private compared = 0;
  private recordedPieces = 0;
  private loggedPieces = 0;
  private mismatch: string | null = null;

  constructor(
    private readonly trace: TraceFile,
    private readonly blocks: RecordedBlocks,
    private readonly limit: number,
  ) {
    const { address } = trace.blocks;
    this.halves = new Uint32Array(address.buffer, address.byteOffset, address.length * 2);
    this.recorded = new Float64Array(trace.blocks.count);
  }

  goesOn(): boolean {
    return this.compared < this.limit && this.mismatch === null;
  }

  take(high: number, low: number): void {
    if (!this.goesOn()) return;
    // Pieces of the straight line that the previous block began come before the block that is logged.
    let pieces = 0;
    while (!this.isAt(this.peek(pieces), high, low) && this.goesOnFrom(pieces)) pieces++;
    if (!this.isAt(this.peek(pieces), high, low)) {
      if (this.isInLine(pieces, high, low)) this.loggedPieces++;
      else
        this.mismatch = `execution ${this.compared}: logged ${hex(high, low)}, recorded ${this.nameOf(this.peek(0))}`;
      return;
    }
    const [block] = this.ahead.splice(0, pieces + 1).slice(-1);
    this.previous = block;
    this.recordedPieces += pieces;
    this.compared++;
    this.recorded[block]++;
    const column = this.logged.get(high) ?? new Map<number, number>();
    this.logged.set(high, column.set(low, (column.get(low) ?? 0) + 1));
  }

  result(log: ExecLog): Lockstep {
    const logged = [...this.logged].flatMap(([high, column]) =>
      [...column].map(([low, count]): [string, number] => [hex(high, low), count]),
    );
    const { trace, compared, recordedPieces, loggedPieces, mismatch, recorded } = this;
    const { stoppedLines: stopped, rewoundLines: rewound } = log;
    const pieces = { recordedPieces, loggedPieces };
    return { trace, compared, ...pieces, mismatch, stopped, rewound, logged: new Map(logged), recorded };
  }

  /** The recorded block that is executed after `index` others; -1 at the end. */
  private peek(index: number): number {
    while (this.ahead.length <= index) this.ahead.push(this.blocks.next());
    return this.ahead[index];
  }

  private before(index: number): number {
    return index === 0 ? this.previous : this.peek(index - 1);
  }

  private isAt(block: number, high: number, low: number): boolean {
    return block >= 0 && this.halves[2 * block] === low && this.halves[2 * block + 1] === high;
  }

  /** The recorded block begins where the one before stopped without a branch. */
  private goesOnFrom(index: number): boolean {
    const { address, size, terminator } = this.trace.blocks;
    const [before, block] = [this.before(index), this.peek(index)];
    if (before < 0 || block < 0 || terminator[before] !== (Terminator.Other as number)) return false;
    return address[block] === address[before] + BigInt(size[before]);
  }

  /** The address is inside the previous recorded block or one of the pieces that follow it. */
  private isInLine(pieces: number, high: number, low: number): boolean {
    if (this.previous < 0 || this.halves[2 * this.previous + 1] !== high) return false;
    const last = this.before(pieces);
    const offset = low - this.halves[2 * this.previous];
    return offset > 0 && low < this.halves[2 * last] + this.trace.blocks.size[last];
  }

  private nameOf(block: number): string {
    return block < 0 ? "the end" : this.trace.blocks.address[block].toString(16);
  }
}

const hex = (high: number, low: number): string =>
  high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
