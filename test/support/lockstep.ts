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
  /** The recorded blocks executed last and next. */
  private previous = -1;
  private next: number;
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
    this.next = blocks.next();
  }

  goesOn(): boolean {
    return this.compared < this.limit && this.mismatch === null;
  }

  take(high: number, low: number): void {
    if (!this.goesOn()) return;
    while (!this.nextIsAt(high, low)) {
      if (this.isInsidePrevious(high, low)) {
        this.loggedPieces++;
        return;
      }
      if (!this.nextGoesOn()) {
        const there = this.next < 0 ? "the recording ends" : this.trace.blocks.address[this.next].toString(16);
        this.mismatch = `execution ${this.compared}: logged ${hex(high, low)}, recorded ${there}`;
        return;
      }
      this.recordedPieces++;
      this.advance();
    }
    this.compared++;
    this.recorded[this.next]++;
    this.advance();
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

  private advance(): void {
    this.previous = this.next;
    this.next = this.blocks.next();
  }

  private nextIsAt(high: number, low: number): boolean {
    return this.next >= 0 && this.halves[2 * this.next] === low && this.halves[2 * this.next + 1] === high;
  }

  /** The next recorded block begins where the previous one stopped without a branch. */
  private nextGoesOn(): boolean {
    const { address, size, terminator } = this.trace.blocks;
    const { previous, next } = this;
    if (previous < 0 || next < 0 || terminator[previous] !== (Terminator.Other as number)) return false;
    return address[next] === address[previous] + BigInt(size[previous]);
  }

  private isInsidePrevious(high: number, low: number): boolean {
    if (this.previous < 0 || this.halves[2 * this.previous + 1] !== high) return false;
    const offset = low - this.halves[2 * this.previous];
    return offset > 0 && offset < this.trace.blocks.size[this.previous];
  }
}

const hex = (high: number, low: number): string =>
  high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
