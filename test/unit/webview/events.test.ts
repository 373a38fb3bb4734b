import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseEventFilter } from "../../../src/trace/events/eventFilter";
import { pickedName, withPickedName } from "../../../webview/traceEditor/events/pickedName";
import { availableTabs } from "../../../webview/traceEditor/tabs";

describe("the views of a trace", () => {
  it("are those that it has something for", () => {
    expect(availableTabs(null)).toEqual(["functions", "phases"]);
    expect(availableTabs({ events: 0, distinctBlocks: 0 })).toEqual(["functions", "phases"]);
    expect(availableTabs({ events: 0, distinctBlocks: 9 })).toEqual(["functions", "phases"]);
    expect(availableTabs({ events: 3, distinctBlocks: 9 })).toEqual(["functions", "phases", "events"]);
    expect(availableTabs({ events: 3, distinctBlocks: 0 })).toEqual(["events"]);
  });
});

describe("the name picked in a filter of events", () => {
  it("takes the place of the one before, and leaves the other words alone", () => {
    expect(withPickedName("level=1", "pic_set_irq")).toBe("name:=pic_set_irq level=1");
    expect(withPickedName("name:=pic_set_irq level=1", "kvm_irq")).toBe("name:=kvm_irq level=1");
    expect(withPickedName("name:=kvm_irq level=1", null)).toBe("level=1");
    expect(pickedName("level=1 name:=a name:=b")).toBe("b");
    expect(pickedName("name:a")).toBeNull();
    // A space that is being typed stays.
    expect(withPickedName("a ", null)).toBe("a ");
  });

  it("means this name only, whatever else is in the filter", () => {
    const name = fc.stringMatching(/^\w{1,20}$/);
    fc.assert(
      fc.property(fc.string(), name, name, (before, picked, other) => {
        const filter = withPickedName(before, picked);
        expect(pickedName(filter)).toBe(picked);
        expect(pickedName(withPickedName(filter, null))).toBeNull();
        const meant = parseEventFilter(withPickedName("", picked));
        expect(meant.matchesName({ name: picked, arguments: [] })).toBe(true);
        expect(meant.matchesName({ name: `${picked}_${other}`, arguments: [] })).toBe(false);
      }),
    );
  });
});
