/**
 * Requests and events between two sides that can only post messages to each other. The same class serves both sides.
 *
 * Every request is answered exactly once, by a result or by a failure; nothing is ever thrown across the border.
 */
import { BootscopeError, toFailure, type Failure } from "./failure";

/** Method name → its parameters and its result. */
export type Methods = Record<string, { params: unknown; result: unknown }>;
/** Event name → its payload. */
export type Events = Record<string, unknown>;

/** What one side offers: the methods it answers and the events it sends. */
export interface Side {
  readonly requests: Methods;
  readonly events: Events;
}

export type Handlers<M extends Methods> = {
  [K in keyof M]: (params: M[K]["params"], signal: AbortSignal) => M[K]["result"] | Promise<M[K]["result"]>;
};
export type Listeners<E extends Events> = { [K in keyof E]: (payload: E[K]) => void };

export type RpcMessage =
  | { readonly kind: "request"; readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly kind: "cancel"; readonly id: number }
  | { readonly kind: "result"; readonly id: number; readonly result: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly failure: Failure }
  | { readonly kind: "event"; readonly name: string; readonly payload: unknown };

interface Pending {
  resolve(result: unknown): void;
  reject(reason: BootscopeError): void;
  done(): void;
}

export class Rpc<Local extends Side, Remote extends Side> {
  private readonly pending = new Map<number, Pending>();
  private readonly running = new Map<number, AbortController>();
  private nextId = 1;
  private closed = false;

  constructor(
    private readonly post: (message: RpcMessage) => void,
    private readonly handlers: Handlers<Local["requests"]>,
    private readonly listeners: Listeners<Remote["events"]>,
  ) {}

  /** Asks the other side. Rejects with a `BootscopeError`; with code "cancelled" when `signal` fires or `close` is called. */
  request<K extends keyof Remote["requests"] & string>(
    method: K,
    params: Remote["requests"][K]["params"],
    signal?: AbortSignal,
  ): Promise<Remote["requests"][K]["result"]> {
    return new Promise((resolve, reject) => {
      if (this.closed || signal?.aborted === true) {
        reject(new BootscopeError("cancelled", "Cancelled."));
        return;
      }
      const id = this.nextId++;
      const onAbort = (): void => {
        this.post({ kind: "cancel", id });
        this.settle(id)?.reject(new BootscopeError("cancelled", "Cancelled."));
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.pending.set(id, { resolve, reject, done: () => signal?.removeEventListener("abort", onAbort) });
      this.post({ kind: "request", id, method, params });
    });
  }

  /** Tells the other side something that needs no answer. */
  send<K extends keyof Local["events"] & string>(name: K, payload: Local["events"][K]): void {
    if (!this.closed) this.post({ kind: "event", name, payload });
  }

  /** Takes a message that arrived. What is not one of ours is ignored: other scripts may post to the same window. */
  receive(data: unknown): void {
    if (this.closed || !isRpcMessage(data)) return;
    switch (data.kind) {
      case "request":
        void this.answer(data.id, data.method, data.params);
        break;
      case "cancel":
        this.running.get(data.id)?.abort();
        break;
      case "result":
        this.settle(data.id)?.resolve(data.result);
        break;
      case "failure":
        this.settle(data.id)?.reject(new BootscopeError(data.failure.code, data.failure.message, data.failure.advice));
        break;
      case "event":
        if (Object.hasOwn(this.listeners, data.name))
          this.listeners[data.name](data.payload as Remote["events"][string]);
        break;
    }
  }

  /** Ends every request, in both directions, as cancelled. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const controller of this.running.values()) controller.abort();
    for (const id of [...this.pending.keys()]) this.settle(id)?.reject(new BootscopeError("cancelled", "Cancelled."));
  }

  private async answer(id: number, method: string, params: unknown): Promise<void> {
    const controller = new AbortController();
    this.running.set(id, controller);
    let reply: RpcMessage;
    try {
      if (!Object.hasOwn(this.handlers, method)) {
        throw new BootscopeError("unsupported", `Nothing answers "${method}".`, "Reload the window.");
      }
      reply = { kind: "result", id, result: await this.handlers[method](params, controller.signal) };
    } catch (thrown) {
      reply = { kind: "failure", id, failure: toFailure(thrown) };
    }
    this.running.delete(id);
    // The asker of a cancelled request has already been answered on its own side.
    if (!this.isClosed() && !controller.signal.aborted) this.post(reply);
  }

  /** A method, so that the compiler does not assume that `closed` cannot change during an await. */
  private isClosed(): boolean {
    return this.closed;
  }

  private settle(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    pending?.done();
    return pending;
  }
}

function isRpcMessage(data: unknown): data is RpcMessage {
  if (typeof data !== "object" || data === null || !("kind" in data)) return false;
  switch (data.kind) {
    case "request":
      return "id" in data && "method" in data && typeof data.method === "string";
    case "cancel":
    case "result":
      return "id" in data;
    case "failure":
      return "id" in data && "failure" in data && typeof data.failure === "object" && data.failure !== null;
    case "event":
      return "name" in data && typeof data.name === "string";
    default:
      return false;
  }
}
