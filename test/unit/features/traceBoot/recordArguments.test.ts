import { describe, expect, it } from "vitest";
import { type BootPlan, recordArguments } from "../../../../src/features/traceBoot/recordArguments";

const plan: BootPlan = {
  kernel: "/w/arch/x86/boot/bzImage",
  initrd: undefined,
  append: "console=ttyS0",
  memory: "512M",
  preset: "deterministic",
  vmlinux: undefined,
  qemu: undefined,
  extraArguments: [],
  eventList: undefined,
  outputFolder: "/w/.bootscope",
  report: "/r.json",
};

describe("recordArguments", () => {
  it("leaves out what is left to the recorder, and names the folder as one", () => {
    expect(recordArguments(plan)).toEqual([
      "record",
      "--kernel=/w/arch/x86/boot/bzImage",
      "--append=console=ttyS0",
      "--memory=512M",
      "--preset=deterministic",
      "--report=/r.json",
      "--output=/w/.bootscope/",
    ]);
  });

  it("passes every choice, each as one argument whatever it holds", () => {
    const args = recordArguments({
      ...plan,
      initrd: "/w/my initrd.gz",
      append: "-quoted \"x\" 'y'; $(z)",
      vmlinux: "/w/vmlinux",
      qemu: "/q/qemu-system-x86_64",
      eventList: "/w/list.qemu-events",
      outputFolder: "/w/out/",
    });
    expect(args).toContain("--initrd=/w/my initrd.gz");
    expect(args).toContain("--append=-quoted \"x\" 'y'; $(z)");
    expect(args).toContain("--vmlinux=/w/vmlinux");
    expect(args).toContain("--qemu=/q/qemu-system-x86_64");
    expect(args).toContain("--events=/w/list.qemu-events");
    expect(args.at(-1)).toBe("--output=/w/out/");
  });

  it("puts QEMU's own arguments last, behind --", () => {
    const args = recordArguments({ ...plan, extraArguments: ["-smp", "2"] });
    expect(args.slice(-3)).toEqual(["--", "-smp", "2"]);
  });
});
