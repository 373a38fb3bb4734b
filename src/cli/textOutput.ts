import { once } from "node:events";

/** Lines for a program or a person that may read them slower than they come: nothing piles up in memory. */
export class TextOutput {
  private lines: string[] = [];

  constructor(private readonly stream: NodeJS.WritableStream) {}

  add(line: string): void {
    this.lines.push(line);
  }

  /** Writes what was added, and waits while the reader is behind. */
  async flush(): Promise<void> {
    if (this.lines.length === 0) return;
    const text = this.lines.join("");
    this.lines = [];
    if (!this.stream.write(text)) await once(this.stream, "drain");
  }
}
