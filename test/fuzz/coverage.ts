/** Tells whether code ran that had not run before: V8's precise coverage, by blocks of code, through the inspector. */
import { Session, type Profiler } from "node:inspector";

export class Coverage {
  private readonly session = new Session();
  private readonly seen = new Set<string>();

  /** @param script path of the only script that counts */
  constructor(private readonly script: string) {
    this.session.connect();
    this.session.post("Profiler.enable");
    this.session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** Blocks of code that ran since the last call and never before it. */
  takeNew(): number {
    const before = this.seen.size;
    // A session of the same thread answers before `post` returns.
    this.session.post("Profiler.takePreciseCoverage", (error, { result }) => {
      if (error !== null) throw error;
      for (const script of result) if (script.url.endsWith(this.script)) this.add(script.functions);
    });
    return this.seen.size - before;
  }

  get blocks(): number {
    return this.seen.size;
  }

  private add(functions: readonly Profiler.FunctionCoverage[]): void {
    for (const { ranges } of functions) {
      for (const { startOffset, endOffset, count } of ranges) {
        if (count > 0) this.seen.add(`${startOffset}-${endOffset}`);
      }
    }
  }
}
