import { expect, it } from "vitest";
import { hasEvents } from "../../../../src/features/traceBoot/eventList";

it("counts events and patterns, not comments and blanks", () => {
  for (const text of ["", "\n\n", "# none\n", "  # none", "\r\n"]) expect(hasEvents(text)).toBe(false);
  for (const text of ["memory_region_ops_read\n", "# some\r\nvirtio_*\r\n", "-apic_*"])
    expect(hasEvents(text)).toBe(true);
});
