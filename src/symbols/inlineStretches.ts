import { GrowingColumn } from "./growingColumn";

/**
 * Stretches of code with the calls that were inlined into them, in the order that they were read in. The columns are those of
 * `InlineColumns`, but starts are distances in the image's `CodeSpace`.
 */
export class InlineStretches {
  readonly parent = new GrowingColumn();
  readonly callee = new GrowingColumn();
  readonly callFile = new GrowingColumn();
  readonly callLine = new GrowingColumn();
  readonly start: number[] = [];
  readonly length = new GrowingColumn();
  readonly first = new GrowingColumn();
  readonly end = new GrowingColumn();
  readonly offset = new GrowingColumn();
  readonly frame = new GrowingColumn();

  get count(): number {
    return this.start.length;
  }

  /** Begins a stretch, which lasts until `close`: its frames and places are added in between. Length in bytes. */
  open(start: number, length: number): void {
    this.start.push(start);
    this.length.push(Math.min(length, 0xffffffff));
    this.first.push(this.offset.length);
  }

  close(): void {
    this.end.push(this.offset.length);
  }

  /** An address of which the debug information knows no function. */
  addUnknown(start: number): void {
    this.open(start, 1);
    this.close();
  }

  /** Adds a frame and answers its number. */
  addFrame(parent: number, callee: number, callFile: number, callLine: number): number {
    this.callee.push(callee);
    this.callFile.push(callFile);
    this.callLine.push(callLine);
    return this.parent.push(parent);
  }

  /** Says what the innermost frame is from an offset behind the stretch's start on. Offsets ascend; the last of equal ones counts. */
  addPlace(offset: number, frame: number): void {
    const last = this.offset.length - 1;
    if (last >= this.first.at(-1) && this.offset.at(-1) === offset) {
      this.offset.length = this.frame.length = last;
    }
    this.offset.push(offset);
    this.frame.push(frame);
  }

  /** Takes the frames back from this number on. */
  dropFrames(from: number): void {
    this.parent.length = this.callee.length = this.callFile.length = this.callLine.length = from;
  }

  /** Takes back the stretch that was not closed. */
  dropOpen(): void {
    if (this.start.length === this.end.length) return;
    this.offset.length = this.frame.length = this.first.at(-1);
    this.start.pop();
    this.length.length = this.first.length = this.start.length;
  }
}
