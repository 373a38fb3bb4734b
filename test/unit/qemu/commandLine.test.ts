import { describe, expect, it } from "vitest";
import { bootArguments, defaultAppend, type BootCommand } from "../../../src/qemu/commandLine";

const command: BootCommand = {
  target: "x86_64",
  kernel: "/boot/bz, Image",
  initrd: "/tmp/initrd.gz",
  append: undefined,
  memory: "1G",
  preset: "deterministic",
  qemuVersion: "7.2.22",
  recorder: "/cache/recorder.so",
  output: "/träces/a b,c.bst",
  taskLayout: { pid: 2416, tgid: 2420, comm: 2976 },
  parent: 77,
  events: undefined,
  extraArguments: [],
};

/** The argument that follows an option. */
const after = (args: readonly string[], option: string): string | undefined => args[args.indexOf(option) + 1];

describe("bootArguments", () => {
  it("doubles commas where QEMU splits at them, and only there", () => {
    const args = bootArguments(command);
    expect(after(args, "-plugin")).toBe(
      "file=/cache/recorder.so,out=/träces/a b,,c.bst,parent=77,pid=2416,tgid=2420,comm=2976",
    );
    expect(after(args, "-kernel")).toBe("/boot/bz, Image");
  });

  it("wraps plugin arguments for QEMU 6.0 and 6.1", () => {
    const args = bootArguments({ ...command, qemuVersion: "6.1.0" });
    expect(after(args, "-plugin")).toMatch(/^file=\/cache\/recorder\.so,arg=out=.*,arg=parent=77,arg=pid=2416,/);
  });

  it("makes time, date, seed and processor the same in every deterministic run", () => {
    const args = bootArguments(command);
    expect(after(args, "-icount")).toBe("shift=1,sleep=off");
    expect(after(args, "-rtc")).toBe("base=2024-01-01T00:00:00,clock=vm");
    expect(after(args, "-seed")).toBe("42");
    expect(after(args, "-smp")).toBe("1");
  });

  it("leaves all of that out of a fast run", () => {
    const args = bootArguments({ ...command, preset: "fast" });
    for (const option of ["-icount", "-rtc", "-seed", "-smp"]) expect(args).not.toContain(option);
  });

  it("gives each target its machine and its console", () => {
    expect(bootArguments(command)).not.toContain("-M");
    const arm = bootArguments({ ...command, target: "aarch64" });
    expect(after(arm, "-M")).toBe("virt");
    expect(after(arm, "-append")).toBe("console=ttyAMA0 nokaslr panic=-1");
    expect(defaultAppend("riscv64")).toBe("console=ttyS0 nokaslr panic=-1");
  });

  it("keeps the user's kernel command line and puts the user's arguments last", () => {
    const args = bootArguments({ ...command, append: "quiet", extraArguments: ["-smp", "2"] });
    expect(after(args, "-append")).toBe("quiet");
    expect(args.slice(-2)).toEqual(["-smp", "2"]);
  });

  it("logs QEMU's own events when there is a list of them", () => {
    const args = bootArguments({ ...command, events: { list: "/a,b", log: "/t.events.log" } });
    expect(after(args, "-trace")).toBe("events=/a,,b");
    expect(after(args, "-D")).toBe("/t.events.log");
  });
});
