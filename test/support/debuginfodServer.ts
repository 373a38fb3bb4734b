import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** An HTTP server on this machine that answers as a test wants, and what it was asked for. */
export interface TestServer {
  readonly url: string;
  readonly asked: string[];
}

/** Starts one; it ends with the test. */
export async function startServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TestServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** Serves files as debuginfod does: `/buildid/<id>/debuginfo` and `executable`. */
export function startDebuginfod(files: Readonly<Record<string, Uint8Array>>): Promise<TestServer> {
  return startServer((request, response) => {
    const content = files[(request.url ?? "").replace(/^\/buildid\//, "")];
    if (content === undefined) response.writeHead(404).end("not found");
    else response.writeHead(200, { "Content-Length": content.length }).end(content);
  });
}
