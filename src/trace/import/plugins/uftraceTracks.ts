/**
 * The tracks of a folder uftrace.data: a file `<number>.dat` for each thread. QEMU's plugin calls a vCPU a thread or, with
 * trace-privilege-level=on, each privilege level of a vCPU: its task.txt has
 *
 *   SESS timestamp=0.0 pid=104 sid=0 exename="cpu0 NS-EL1"
 */
import { open, readdir, readFile, type FileHandle } from "node:fs/promises";
import path from "node:path";
import { readFully } from "../../chunkWalk";

export const recordBytes = 16;
const readBytes = 16_384 * recordBytes;
const vcpuOfTrack = /^SESS timestamp=\S{1,40} pid=(\d{1,10}) sid=\S{1,40} exename="cpu(\d{1,4})(?: [^"\n]{0,40})?"$/gm;
/** Its tracks are numbered from (vCPU + 1) · 100 on. */
const tracksOfVcpu = 100;
/** What it says of a track takes 130 bytes. */
const mostTaskBytes = 16 * 1024 * 1024;

/** A file that has a record. */
export interface Track {
  readonly file: string;
  /** The vCPU; where none is told, the place of the file among all. */
  readonly stream: number;
  /** Time of its first record, nanoseconds. */
  readonly start: bigint;
}

/** The tracks of each stream, those that begin first at the front. */
export async function findTracks(folder: string): Promise<Track[][]> {
  const names = (await readdir(folder)).filter((name) => /^\d{1,10}\.dat$/.test(name));
  names.sort((a, b) => parseInt(a) - parseInt(b));
  const vcpus = await vcpusOf(folder);
  const tracks: Track[] = [];
  for (const [place, name] of names.entries()) {
    const file = path.join(folder, name);
    const start = await firstTime(file);
    if (start !== null) tracks.push({ file, stream: vcpus.get(parseInt(name)) ?? place, start });
  }
  tracks.sort((a, b) => (a.start < b.start ? -1 : Number(a.start > b.start)));
  const streams = new Map<number, Track[]>();
  for (const track of tracks) streams.set(track.stream, [...(streams.get(track.stream) ?? []), track]);
  return [...streams.values()];
}

/** By number of the track: its vCPU, where QEMU's plugin wrote it. */
async function vcpusOf(folder: string): Promise<Map<number, number>> {
  const text = await readFile(path.join(folder, "task.txt"), "latin1").catch(() => "");
  const found = [...text.slice(0, mostTaskBytes).matchAll(vcpuOfTrack)].map(([, track, vcpu]) =>
    [track, vcpu].map(Number),
  );
  return new Map(
    found.flatMap(([track, vcpu]) => (Math.floor(track / tracksOfVcpu) === vcpu + 1 ? [[track, vcpu]] : [])),
  );
}

async function firstTime(file: string): Promise<bigint | null> {
  const handle = await open(file, "r");
  try {
    const record = new Uint8Array(recordBytes);
    const length = await readFully(handle, record, 0);
    return length < recordBytes ? null : new DataView(record.buffer).getBigUint64(0, true);
  } finally {
    await handle.close();
  }
}

/** Reads the records of a track one after the other. */
export class TrackReader {
  /** Nanoseconds from the origin to the record that is next; Infinity: there is none. */
  time = Infinity;
  /** Where it is in `view`. */
  at = 0;
  readonly view: DataView;
  private readonly bytes = new Uint8Array(readBytes);
  private length = 0;
  private position = 0;

  private constructor(
    private readonly handle: FileHandle,
    private readonly origin: bigint,
  ) {
    this.view = new DataView(this.bytes.buffer);
  }

  /** @param origin what times count from */
  static async open({ file }: Track, origin: bigint): Promise<TrackReader> {
    const reader = new TrackReader(await open(file, "r"), origin);
    try {
      await reader.refill();
      return reader;
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  /** Goes on to the next record. False: `refill` has to be called first. */
  next(): boolean {
    this.at += recordBytes;
    if (this.at + recordBytes > this.length) return false;
    this.readTime();
    return true;
  }

  /** Reads on in the file. */
  async refill(): Promise<void> {
    this.length = await readFully(this.handle, this.bytes, this.position);
    this.position += this.length;
    this.at = 0;
    if (this.length < recordBytes) this.time = Infinity;
    else this.readTime();
  }

  /** Leaves the rest of the track unread. */
  leave(): void {
    this.time = Infinity;
  }

  private readTime(): void {
    this.time = Number(this.view.getBigUint64(this.at, true) - this.origin);
  }
}
