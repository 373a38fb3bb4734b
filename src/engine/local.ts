/** The engine inside this process, for programs that do nothing else meanwhile: the CLI and tests. */
import { availableParallelism } from "node:os";
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
 * @param workerPath the bundled scanWorker; null scans on the calling thread
 */
export function localEngine(
  workerPath: string | null,
  onNotice: (notice: EngineNotice) => void = () => undefined,
): LocalEngine {
  const pool = workerPath === null ? inlinePool() : threadPool(workerPath, Math.max(1, availableParallelism()));
  const service = new EngineService(pool, onNotice);
  return {
    request: (method, params, signal) => service.request(method, params, signal ?? new AbortController().signal),
    dispose: () => service.dispose(),
  };
}
