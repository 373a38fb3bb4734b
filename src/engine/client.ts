/** The face's end of the engine: starts the process, matches answers with requests, says when it ended. */
import { fork, type ChildProcess } from "node:child_process";
import type { EngineMethod, EngineNotice, EngineRequests, FromEngine, ToEngine } from "../protocol/engine";
import { BootscopeError, type Failure } from "../protocol/failure";
import { lastLines } from "./lastLines";

export interface EngineClientOptions {
  /** The bundled engine, `dist/engine.js`. */
  readonly enginePath: string;
  /** The Node to run it with; by default the one that runs this process (an Electron is told to be a Node). */
  readonly execPath?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
  /** Takes the listener off the caller's signal. */
  release(): void;
}

/** Stops listening. */
type Unsubscribe = () => void;

/** Lines of the engine's stderr that are kept to explain its end. */
const keptStderrLines = 40;

/**
 * One engine process. It starts with the client and ends with `dispose`, or when this process ends.
 *
 * Requests reject with `BootscopeError`: with the engine's own failure, `cancelled` after their signal was aborted,
 * or `engine-died` when the process ended before it answered.
 */
export class EngineClient {
  readonly #process: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #noticeListeners = new Set<(notice: EngineNotice) => void>();
  readonly #exitListeners = new Set<(reason: string) => void>();
  readonly #stderr = lastLines(keptStderrLines);
  #nextId = 1;
  /** Why no request can be made any more. */
  #ended: BootscopeError | undefined;

  constructor(options: EngineClientOptions) {
    this.#process = fork(options.enginePath, [], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: [],
      env: { ...process.env, ...options.env, ELECTRON_RUN_AS_NODE: "1" },
      ...(options.execPath === undefined ? {} : { execPath: options.execPath }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr.add(text);
    });
    this.#process.on("message", (message) => {
      this.#receive(message as FromEngine);
    });
    this.#process.on("error", (error) => {
      this.#end(error.message);
    });
    // "close" and not "exit": stderr has been read to its end by then.
    this.#process.on("close", (code, signal) => {
      this.#end(signal === null ? `exit code ${code ?? 0}` : `signal ${signal}`);
    });
  }

  /** Process number of the engine; undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  request<M extends EngineMethod>(
    method: M,
    params: EngineRequests[M]["params"],
    signal?: AbortSignal,
  ): Promise<EngineRequests[M]["result"]> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    if (signal?.aborted === true) return Promise.reject(cancelled());
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#send({ kind: "cancel", id });
        this.#take(id)?.reject(cancelled());
      };
      this.#pending.set(id, {
        resolve: resolve,
        reject,
        release: () => signal?.removeEventListener("abort", onAbort),
      });
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#send({ kind: "request", id, method, params } as ToEngine);
    });
  }

  onNotice(listener: (notice: EngineNotice) => void): Unsubscribe {
    this.#noticeListeners.add(listener);
    return () => this.#noticeListeners.delete(listener);
  }

  /** The process ended by itself; the text says why and ends with its last words. Not called after `dispose`. */
  onExit(listener: (reason: string) => void): Unsubscribe {
    this.#exitListeners.add(listener);
    return () => this.#exitListeners.delete(listener);
  }

  /** Ends the process. Pending requests reject as cancelled. */
  dispose(): void {
    this.#noticeListeners.clear();
    this.#exitListeners.clear();
    this.#rejectAll(cancelled());
    this.#process.kill();
  }

  #receive(message: FromEngine): void {
    switch (message.kind) {
      case "answer":
        this.#take(message.id)?.resolve(message.result);
        break;
      case "failed":
        this.#take(message.id)?.reject(fromFailure(message.failure));
        break;
      case "progress":
      case "changed":
      case "log":
        for (const listener of this.#noticeListeners) listener(message);
        break;
      case "ready":
        break;
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.release();
    return pending;
  }

  #send(message: ToEngine): void {
    if (!this.#process.connected) return; // "close" follows and rejects what waits
    this.#process.send(message, (error) => {
      if (error !== null && message.kind === "request") {
        this.#take(message.id)?.reject(new BootscopeError("engine-died", error.message));
      }
    });
  }

  #end(how: string): void {
    if (this.#ended !== undefined) return;
    const words = this.#stderr.text();
    const reason = words === "" ? how : `${how}\n${words}`;
    this.#rejectAll(
      new BootscopeError(
        "engine-died",
        `Bootscope's engine ended (${how}).`,
        "Restart it; the log has its last words.",
      ),
    );
    for (const listener of [...this.#exitListeners]) listener(reason);
  }

  #rejectAll(error: BootscopeError): void {
    this.#ended ??= error;
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(error);
  }
}

function cancelled(): BootscopeError {
  return new BootscopeError("cancelled", "Cancelled.");
}

function fromFailure(failure: Failure): BootscopeError {
  return new BootscopeError(failure.code, failure.message, failure.advice);
}
