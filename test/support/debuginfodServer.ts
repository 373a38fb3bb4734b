import { createReadStream } from "node:fs";
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

/**
 * Serves files as debuginfod does: `/buildid/<id>/debuginfo` and `executable`.
 * @param files by "<id>/debuginfo": their bytes, or where they are
 */
export function startDebuginfod(files: ReadonlyMap<string, Uint8Array | string>): Promise<TestServer> {
  return startServer((request, response) => {
    const content = files.get((request.url ?? "").replace(/^\/buildid\//, ""));
    if (content === undefined) response.writeHead(404).end("not found");
    else if (typeof content === "string") createReadStream(content).pipe(response);
    else response.writeHead(200, { "Content-Length": content.length }).end(content);
  });
}
