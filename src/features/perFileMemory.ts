/** What is remembered per trace file between sessions: the vmlinux chosen for it and how it was last looked at. */
import type * as vscode from "vscode";

/** Traces remembered per kind; the longest unused is forgotten first. */
const remembered = 50;

type Memory<T> = [key: string, value: T][];

/** A value per file, in the workspace's state. */
export class PerFileMemory<T> {
  constructor(
    private readonly state: vscode.Memento,
    private readonly name: string,
  ) {}

  get(file: vscode.Uri): T | undefined {
    return this.all().find(([key]) => key === file.toString())?.[1];
  }

  async set(file: vscode.Uri, value: T): Promise<void> {
    const key = file.toString();
    const others = this.all().filter(([other]) => other !== key);
    await this.state.update(this.name, [...others, [key, value]].slice(-remembered));
  }

  private all(): Memory<T> {
    return this.state.get<Memory<T>>(this.name, []);
  }
}
