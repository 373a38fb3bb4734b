import { describe, expect, it } from "vitest";
import { BootscopeError } from "../../../src/protocol/failure";
import { Rpc, type RpcMessage } from "../../../src/protocol/rpc";

interface Server {
  requests: {
    double: { params: number; result: number };
    fail: { params: null; result: null };
    wait: { params: null; result: null };
  };
  events: { news: string };
}
interface Client {
  requests: Record<string, never>;
  events: { told: number };
}

/** Two ends whose messages go through structured cloning, as VS Code's do. */
function connect() {
  const heard: { news: string[]; told: number[] } = { news: [], told: [] };
  const posted: RpcMessage[] = [];
  let aborted = false;
  const client: Rpc<Client, Server> = new Rpc<Client, Server>(
    (message) => {
      posted.push(message);
      queueMicrotask(() => server.receive(structuredClone(message)));
    },
    {},
    { news: (text) => heard.news.push(text) },
  );
  const server: Rpc<Server, Client> = new Rpc<Server, Client>(
    (message) => {
      queueMicrotask(() => client.receive(structuredClone(message)));
    },
    {
      double: (value) => value * 2,
      fail: () => {
        throw new BootscopeError("no-symbols", "What happened.", "What to do.");
      },
      wait: (_params, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            aborted = true;
            reject(new BootscopeError("cancelled", "Cancelled."));
          });
        }),
    },
    { told: (value) => heard.told.push(value) },
  );
  return { client, server, heard, posted, wasAborted: () => aborted };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

describe("rpc", () => {
  it("matches answers with requests", async () => {
    const { client } = connect();
    expect(await Promise.all([1, 2, 3].map((value) => client.request("double", value)))).toEqual([2, 4, 6]);
  });

  it("carries failures with code and advice", async () => {
    const { client } = connect();
    await expect(client.request("fail", null)).rejects.toMatchObject({
      code: "no-symbols",
      message: "What happened.",
      advice: "What to do.",
    });
  });

  it("cancels on both sides", async () => {
    const { client, wasAborted } = connect();
    const controller = new AbortController();
    const answer = client.request("wait", null, controller.signal);
    await settle();
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: "cancelled" });
    await settle();
    expect(wasAborted()).toBe(true);
  });

  it("asks nothing when the signal was aborted before", async () => {
    const { client, posted } = connect();
    await expect(client.request("double", 1, AbortSignal.abort())).rejects.toMatchObject({ code: "cancelled" });
    expect(posted).toEqual([]);
  });

  it("sends events both ways", async () => {
    const { client, server, heard } = connect();
    client.send("told", 7);
    server.send("news", "x");
    await settle();
    expect(heard).toEqual({ news: ["x"], told: [7] });
  });

  it("ends what waits when it is closed, and is silent afterwards", async () => {
    const { client, server, wasAborted } = connect();
    const answer = client.request("wait", null);
    await settle();
    client.close();
    server.close();
    await expect(answer).rejects.toMatchObject({ code: "cancelled" });
    await expect(client.request("double", 1)).rejects.toMatchObject({ code: "cancelled" });
    expect(wasAborted()).toBe(true);
  });

  it("answers an unknown method with a failure and ignores foreign messages", async () => {
    const { client, server } = connect();
    for (const foreign of [null, 3, "text", {}, { kind: "result" }, { kind: "event" }, { kind: "failure", id: 1 }]) {
      client.receive(foreign);
      server.receive(foreign);
    }
    await expect(client.request("toString" as "double", 1)).rejects.toMatchObject({ code: "unsupported" });
  });
});
