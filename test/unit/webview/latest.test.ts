import { signal } from "@preact/signals";
import { describe, expect, it } from "vitest";
import { follow, Latest } from "../../../webview/common/latest";

const settle = () => new Promise((resolve) => setTimeout(resolve, 1));

function asker() {
  const asked: { query: string; signal: AbortSignal; answer: (value: string) => void }[] = [];
  const latest = new Latest<string, string>(
    (query, abort) => new Promise((resolve) => asked.push({ query, signal: abort, answer: resolve })),
  );
  return { latest, asked };
}

describe("latest wins", () => {
  it("shows only the answer to the newest question", async () => {
    const { latest, asked } = asker();
    latest.set("a");
    latest.set("b");
    expect(asked[0].signal.aborted).toBe(true);
    asked[1].answer("B");
    asked[0].answer("A");
    await settle();
    expect(latest.value.value).toBe("B");
  });

  it("lets a refresh wait for the running request, so that answers keep coming", async () => {
    const { latest, asked } = asker();
    latest.set("a");
    latest.refresh();
    latest.refresh();
    expect(asked.length).toBe(1);
    asked[0].answer("first");
    await settle();
    expect(latest.value.value).toBe("first");
    asked[1].answer("second");
    await settle();
    expect(latest.value.value).toBe("second");
    expect(asked.length).toBe(2);
  });

  it("follows queries and revisions", () => {
    const calls: string[] = [];
    const query = signal<string | null>(null);
    const revision = signal(0);
    const stop = follow(
      () => query.value,
      () => revision.value,
      { set: (text) => calls.push(`set ${text}`), refresh: () => calls.push("refresh") },
    );
    query.value = "a";
    revision.value = 1;
    query.value = null;
    revision.value = 2;
    query.value = "a";
    stop();
    query.value = "b";
    expect(calls).toEqual(["set a", "refresh", "set a"]);
  });
});
