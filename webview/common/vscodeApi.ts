/** What VS Code gives a page: messages to the extension and a small state that outlives the page. */
interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** VS Code hands it out once per page. */
export const vscodeApi = acquireVsCodeApi();
