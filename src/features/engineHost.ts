/** The window's engine process: started by the first request, and again by the first one after it ended. */
import * as vscode from "vscode";
import { EngineClient } from "../engine/client";
import type { EngineMethod, EngineNotice, EngineRequests } from "../protocol/engine";
import { BootscopeError } from "../protocol/failure";
import type { Engine } from "./services";
import { setting } from "./settings";

export class EngineHost implements Engine, vscode.Disposable {
  private client: EngineClient | undefined;
  private readonly notices = new vscode.EventEmitter<EngineNotice>();
  private readonly died = new vscode.EventEmitter<string>();
  readonly onNotice = this.notices.event;
  readonly onDidDie = this.died.event;
  private disposed = false;

  /** `enginePath` is the bundled program, `dist/engine.js`. */
  constructor(
    private readonly enginePath: string,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  request<M extends EngineMethod>(
    method: M,
    params: EngineRequests[M]["params"],
    signal?: AbortSignal,
  ): Promise<EngineRequests[M]["result"]> {
    if (this.disposed) return Promise.reject(new BootscopeError("cancelled", "The window is being closed."));
    this.client ??= this.start();
    return this.client.request(method, params, signal);
  }

  restart(): Promise<void> {
    this.client?.dispose();
    this.client = this.start();
    return Promise.resolve();
  }

  dispose(): void {
    this.disposed = true;
    this.client?.dispose();
    this.client = undefined;
    this.notices.dispose();
    this.died.dispose();
  }

  private start(): EngineClient {
    const client = new EngineClient({
      enginePath: this.enginePath,
      env: { BOOTSCOPE_CACHE_MEGABYTES: String(setting("cache.maximumMegabytes")) },
    });
    this.log.info(`Engine started: process ${client.pid ?? "none"}, ${this.enginePath}`);
    client.onNotice((notice) => {
      if (notice.kind === "log") this.log[notice.level](notice.text);
      else this.notices.fire(notice);
    });
    client.onExit((reason) => {
      if (this.client === client) this.client = undefined;
      this.log.error(`Engine ended: ${reason}`);
      this.died.fire(reason.split("\n", 1)[0]);
    });
    return client;
  }
}
