/** Lets a trace that is being written rest while nobody looks at it for long, and go on when somebody does. */
import type { Disposable } from "vscode";

const unwatchedMilliseconds = 10 * 60 * 1000;

export class WatchedTrace implements Disposable {
  private readonly viewers = new Set<object>();
  private timer: NodeJS.Timeout | undefined;
  private rests = false;

  /** @param rest begins the rest, or ends it; answers whether there was something to change */
  constructor(private readonly rest: (rests: boolean) => boolean) {}

  /** An editor shows the trace now, or does not any more. */
  setVisible(viewer: object, isVisible: boolean): void {
    if (isVisible) this.viewers.add(viewer);
    else this.viewers.delete(viewer);
    clearTimeout(this.timer);
    if (this.viewers.size === 0) this.timer = setTimeout(() => (this.rests = this.rest(true)), unwatchedMilliseconds);
    else if (this.rests) {
      this.rests = false;
      this.rest(false);
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}
