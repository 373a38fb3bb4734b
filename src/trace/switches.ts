/** Task switch records (docs/trace-format.md, "Switches"): columns for reading, records for writing. */
import { maximumSwitches } from "./limits";
import type { TaskSwitches } from "./types";

export const switchRecordBytes = 64;
const commBytes = 16;
const latin1 = new TextDecoder("latin1");

enum SwitchFlag {
  Written = 1,
  PidKnown = 2,
  CommKnown = 4,
}

/** Reads the switches of a trace from its chunk payloads, in file order. */
export class SwitchColumns implements TaskSwitches {
  readonly count: number;
  readonly previousTask: BigUint64Array;
  readonly nextTask: BigUint64Array;
  readonly execution: Float64Array;
  readonly pid: Int32Array;
  readonly threadGroup: Int32Array;
  readonly vcpu: Uint32Array;
  private readonly comms: Uint8Array;

  constructor(payloads: readonly Uint8Array[]) {
    const whole = payloads.map((payload) => wholeSwitchRecords(payload));
    this.count = Math.min(
      maximumSwitches,
      whole.reduce((sum, count) => sum + count, 0),
    );
    this.previousTask = new BigUint64Array(this.count);
    this.nextTask = new BigUint64Array(this.count);
    this.execution = new Float64Array(this.count);
    this.pid = new Int32Array(this.count);
    this.threadGroup = new Int32Array(this.count);
    this.vcpu = new Uint32Array(this.count);
    this.comms = new Uint8Array(this.count * commBytes);
    let index = 0;
    payloads.forEach((payload, chunk) => {
      for (let record = 0; record < whole[chunk] && index < this.count; record++) {
        this.read(index++, payload.subarray(record * switchRecordBytes, (record + 1) * switchRecordBytes));
      }
    });
  }

  comm(index: number): string {
    const bytes = this.comms.subarray(index * commBytes, (index + 1) * commBytes);
    const end = bytes.indexOf(0);
    return latin1.decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  private read(index: number, record: Uint8Array): void {
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    const flags = view.getUint32(52, true);
    const pidKnown = (flags & SwitchFlag.PidKnown) !== 0;
    this.previousTask[index] = view.getBigUint64(0, true);
    this.nextTask[index] = view.getBigUint64(8, true);
    this.execution[index] = Number(view.getBigUint64(16, true));
    this.pid[index] = pidKnown ? view.getInt32(24, true) : -1;
    this.threadGroup[index] = pidKnown ? view.getInt32(28, true) : -1;
    this.vcpu[index] = view.getUint32(48, true);
    if ((flags & SwitchFlag.CommKnown) !== 0) this.comms.set(record.subarray(32, 48), index * commBytes);
  }
}

/** Records at the start of `payload` that are written in full. */
export function wholeSwitchRecords(payload: Uint8Array): number {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  let count = 0;
  for (let at = 0; at + switchRecordBytes <= payload.length; at += switchRecordBytes) {
    if ((view.getUint32(at + 52, true) & SwitchFlag.Written) === 0) break;
    count++;
  }
  return count;
}

export interface SwitchRecord {
  readonly previousTask: bigint;
  readonly nextTask: bigint;
  /** Execution number on the vCPU. */
  readonly execution: number;
  readonly vcpu: number;
  readonly pid?: number;
  readonly threadGroup?: number;
  readonly comm?: string;
  readonly ticks?: bigint;
}

/** The bytes of one task switch record. */
export function formatSwitchRecord(record: SwitchRecord): Uint8Array {
  const bytes = new Uint8Array(switchRecordBytes);
  const view = new DataView(bytes.buffer);
  const flags =
    SwitchFlag.Written |
    (record.pid === undefined ? 0 : SwitchFlag.PidKnown) |
    (record.comm === undefined ? 0 : SwitchFlag.CommKnown);
  view.setBigUint64(0, record.previousTask, true);
  view.setBigUint64(8, record.nextTask, true);
  view.setBigUint64(16, BigInt(record.execution), true);
  view.setInt32(24, record.pid ?? 0, true);
  view.setInt32(28, record.threadGroup ?? record.pid ?? 0, true);
  bytes.set(Buffer.from(record.comm ?? "", "latin1").subarray(0, commBytes), 32);
  view.setUint32(48, record.vcpu, true);
  view.setUint32(52, flags, true);
  view.setBigUint64(56, record.ticks ?? 0n, true);
  return bytes;
}
