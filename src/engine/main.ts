/** Entry of the engine process: answers requests that come over Node's IPC channel, and ends when the channel does. */
import path from "node:path";
import { availableParallelism } from "node:os";
import type { FromEngine, ToEngine } from "../protocol/engine";
import { toFailure } from "../protocol/failure";
import { threadPool } from "./scanPool";
import { EngineService } from "./service";

/** Threads beyond this gain little: a scan waits for memory. */
const mostThreads = 4;

const send = (message: FromEngine): void => {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
};

const pool = threadPool(
  path.join(__dirname, "scanWorker.js"),
  Math.max(1, Math.min(mostThreads, availableParallelism())),
);
const service = new EngineService(pool, send, path.join(__dirname, "importWorker.js"));
const running = new Map<number, AbortController>();

async function answer(request: Extract<ToEngine, { kind: "request" }>): Promise<void> {
  const { id, method, params } = request;
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const result = await service.request(method, params, controller.signal);
    send({ kind: "answer", id, result });
  } catch (error) {
    const failure = toFailure(error);
    if (failure.code === "internal") {
      send({
        kind: "log",
        level: "error",
        text: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
    send({ kind: "failed", id, failure });
  } finally {
    running.delete(id);
  }
}

process.on("message", (message) => {
  const request = message as ToEngine;
  if (request.kind === "cancel") running.get(request.id)?.abort();
  else void answer(request);
});
process.on("disconnect", () => process.exit(0));
send({ kind: "ready", pid: process.pid });
