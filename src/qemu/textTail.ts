/** Keeps the last lines of a program's output, for the message about how it ended. */
const keptBytes = 4096;
const keptLines = 12;

export class TextTail {
  private kept = Buffer.alloc(0);

  add(bytes: Uint8Array): void {
    const all = Buffer.concat([this.kept, bytes]);
    this.kept = all.subarray(Math.max(0, all.length - keptBytes));
  }

  /** The last lines, at most a dozen. */
  text(): string {
    return this.kept.toString("utf8").replaceAll("\r", "").split("\n").slice(-keptLines).join("\n");
  }
}
