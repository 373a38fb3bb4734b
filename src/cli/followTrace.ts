/** `--follow`: a trace that is still being written is shown again whenever there is more of it, until that ends. */
import { Option } from "commander";
import type { TraceSummary } from "../protocol/engine";
import type { TraceFlags } from "./traceOptions";
import { openTrace, requireNames, withEngine, type OpenedTrace } from "./withEngine";

export interface FollowFlags extends TraceFlags {
  readonly follow?: boolean;
}

export const followOption = (): Option =>
  new Option("--follow", "show a trace that is still being written as it grows, until its writer ends or Ctrl+C");

/** Shows what there is of a trace. */
export interface FollowView {
  /** While it grows. */
  part(opened: OpenedTrace): Promise<void>;
  /** At its end, or where Ctrl+C stopped following it. */
  whole(opened: OpenedTrace): Promise<void>;
}

/** Rejects as `withTrace` does. */
export async function followTrace(file: string, flags: TraceFlags, view: FollowView): Promise<void> {
  let changed: (summary: TraceSummary) => void = () => undefined;
  const onChange = (summary: TraceSummary): void => changed(summary);
  await withEngine(
    async (engine, signal, onInterrupt) => {
      const { trace, vmlinux } = await openTrace(engine, file, flags, signal, true);
      let latest: TraceSummary | null = null;
      let shown = Promise.resolve();
      const show = async (): Promise<void> => {
        const summary = latest;
        latest = null;
        if (summary !== null) await view.part({ engine, trace, summary, signal });
      };
      changed = (summary) => {
        if (summary.complete) return;
        latest = summary;
        shown = shown.then(show).catch(() => undefined); // what goes wrong is told at the end
      };
      onInterrupt(() => void engine.request("stop", { trace }).catch(() => undefined));
      // Nothing is shown of a trace that nobody asks about.
      void engine.request("phases", { trace }).catch(() => undefined);
      if (flags.force === true && vmlinux.length > 0) {
        await engine.request("setSymbols", { trace, vmlinux: vmlinux[0], force: true }, signal);
      }
      const summary = await engine.request("settled", { trace }, signal);
      changed = () => undefined;
      await shown;
      requireNames(summary, vmlinux);
      await view.whole({ engine, trace, summary, signal });
    },
    { onChange, quiet: true },
  );
}
