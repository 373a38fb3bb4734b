import { describe, expect, it } from "vitest";
import { eventLines, eventsHeading } from "../../../src/features/traceEditor/exportEvents";
import type { EventsPage } from "../../../src/protocol/engine";

const page: EventsPage = {
  revision: 1,
  offset: 0,
  matched: 2,
  threads: "thread",
  time: Float64Array.of(0, 1_234_567_891_234),
  thread: Float64Array.of(4242, -1),
  name: ["virtio_notify", "foo"],
  undescribed: null,
  arguments: ["vdev=0xffffffffffffffff n=-3", "text=a\tb\r\nc"],
};

describe("events as text", () => {
  it("have exact times, a column each, and no tab or line break inside one", () => {
    expect(eventsHeading(page, "host") + eventLines(page).join("")).toBe(
      [
        "timeNs\tevent\tthread\targuments",
        "0\tvirtio_notify\t4242\tvdev=0xffffffffffffffff n=-3",
        "1234567891234\tfoo\t\ttext=a b c",
        "",
      ].join("\n"),
    );
    expect(eventsHeading({ threads: "vcpu" }, "events")).toBe("execution\tevent\tvcpu\targuments\n");
  });
});
