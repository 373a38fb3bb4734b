/** The engine inside this process, for programs that do nothing else meanwhile: the CLI and tests. */
import { availableParallelism } from "node:os";
import path from "node:path";
import type { EngineMethod, EngineNotice, EngineRequests } from "../protocol/engine";
import { inlinePool, threadPool } from "./scanPool";
import { EngineService } from "./service";

export interface LocalEngine {
  /** Rejects with BootscopeError, or AbortError when cancelled. */
  request<M extends EngineMethod>(
    method: M,
    params: EngineRequests[M]["params"],
    signal?: AbortSignal,
  ): Promise<EngineRequests[M]["result"]>;
  dispose(): void;
}

/**
 * @param workers folder of the bundled workers; null: everything happens on the calling thread
 */
export function localEngine(
  workers: string | null,
  onNotice: (notice: EngineNotice) => void = () => undefined,
): LocalEngine {
  const service =
    workers === null
      ? new EngineService(inlinePool(), onNotice)
      : new EngineService(
          threadPool(path.join(workers, "scanWorker.js"), Math.max(1, availableParallelism())),
          onNotice,
          path.join(workers, "importWorker.js"),
        );
  return {
    request: (method, params, signal) => service.request(method, params, signal ?? new AbortController().signal),
    dispose: () => service.dispose(),
  };
}
