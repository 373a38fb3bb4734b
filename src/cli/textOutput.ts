import { once } from "node:events";

/** Lines for a program or a person that may read them slower than they come: nothing piles up in memory. */
export class TextOutput {
  private lines: string[] = [];
  private readonly parts: (string | Uint8Array)[] = [];

  constructor(private readonly stream: NodeJS.WritableStream) {}

  add(line: string): void {
    this.lines.push(line);
  }

  /** Adds many lines at once. */
  addText(text: Uint8Array): void {
    this.join();
    this.parts.push(text);
  }

  /** Writes what was added, and waits while the reader is behind. */
  async flush(): Promise<void> {
    this.join();
    for (const part of this.parts.splice(0)) if (!this.stream.write(part)) await once(this.stream, "drain");
  }

  private join(): void {
    if (this.lines.length > 0) this.parts.push(this.lines.join(""));
    this.lines = [];
  }
}
