import { describe, expect, it } from "vitest";
import { machineFirmware } from "../../../src/analysis/machineFirmware";
import { BlockPlaces } from "../../../src/analysis/regions";
import { BlockColumns, formatBlockRecord } from "../../../src/trace/blocks";

/** An address, executed in the order of the list; "=" before it: its physical address is the same and was recorded. */
function regionsOf(target: string | undefined, commandLine: string, list: readonly string[]): string[] {
  const blocks = new BlockColumns();
  for (const text of list) {
    const address = BigInt(`0x${text.replace("=", "")}`);
    blocks.add(formatBlockRecord({ address, ...(text.startsWith("=") && { physicalAddress: address }) }));
  }
  blocks.finish();
  const first = Float64Array.from(list, (_, index) => index);
  const places = new BlockPlaces(blocks, first, { target, commandLine: commandLine.split(" ").filter(Boolean) }, null);
  return list.map((_, block) => {
    const place = places.of(block);
    return place.kind === "region" ? place.region.name : place.kind;
  });
}

const kernel = "ffffffff81000000";

// Addresses are those of recorded boots of Debian's kernels under QEMU 7.2; those of a start from a disk are
// the protocols' own (Documentation/arch/x86/boot.rst); test/oracle/bootSector.test.ts has a real one.
describe("what runs before the kernel", () => {
  it("is told apart on a PC with a kernel that QEMU loads", () => {
    const list = [
      "fffffff0",
      "fe05b",
      "d7188",
      "=1efeb320",
      "=38000",
      "=a8000",
      "=c0003",
      "=ca003",
      "=10200",
      "=100000",
    ];
    expect(regionsOf("x86_64", "qemu-system-x86_64 -kernel bzImage", [...list, "=e699e0", kernel, "=99000"])).toEqual([
      ...["[firmware SeaBIOS]", "[firmware SeaBIOS]", "[firmware SeaBIOS]", "[firmware SeaBIOS]"],
      ...["[system management mode]", "[system management mode]", "[option ROM]", "[option ROM]"],
      ...["[kernel real-mode setup]", "[kernel decompressor]", "[kernel decompressor]"],
      ...["kernel", "[real-mode trampoline]"],
    ]);
  });

  it("has a boot sector and a boot loader when a PC starts from a disk", () => {
    const list = ["fffffff0", "=7c00", "=8000", "=100010", "=90200", "=100000", kernel];
    expect(regionsOf("x86_64", "qemu-system-x86_64 disk.img", list)).toEqual([
      ...["[firmware SeaBIOS]", "[boot sector]", "[boot loader]", "[boot loader]"],
      ...["[kernel real-mode setup]", "[kernel decompressor]", "kernel"],
    ]);
  });

  it("is OpenSBI on RISC-V, which goes on when the kernel runs", () => {
    const list = ["1000", "80000000", "80200000", "81080df8", "ffffffff80002000", "80014c06", "2aaaabc000"];
    expect(regionsOf("riscv64", "qemu-system-riscv64 -M virt", list)).toEqual([
      ...["[reset ROM]", "[firmware OpenSBI]", "[kernel before paging]", "[kernel before paging]"],
      ...["kernel", "[firmware OpenSBI]", "[user space]"],
    ]);
  });

  it("is QEMU's own code and the kernel's first code on Arm without firmware", () => {
    const list = ["40000000", "40200000", "40d6c294", "ffff800008000000", "40d6c900", "40400000", "aaaac0001000"];
    expect(regionsOf("aarch64", "qemu-system-aarch64 -M virt", list)).toEqual([
      ...["[QEMU boot code]", "[kernel before paging]", "[kernel before paging]", "kernel"],
      ...["[kernel before paging]", "[user space]", "[user space]"],
    ]);
  });
});

describe("the firmware that a command line chooses", () => {
  const name = (target: string, ...args: string[]) => machineFirmware(target, ["qemu", ...args]).region.name;

  it.each([
    ["[firmware OVMF.fd]", ["-bios", "/usr/share/ovmf/OVMF.fd"]],
    ["[firmware OVMF_CODE.fd]", ["-drive", "if=pflash,format=raw,readonly=on,file=/x/OVMF_CODE.fd"]],
    ["[firmware code.fd]", ["--pflash", "code.fd"]],
    ["[firmware]", ["-machine", "q35,pflash0=code"]],
    ["[firmware qboot]", ["-M", "microvm,rtc=on"]],
    ["[firmware SeaBIOS]", ["-drive", "file=disk.img", "-M", "q35"]],
  ])("is %s for %j", (expected, args) => {
    expect(name("x86_64", ...args)).toBe(expected);
  });

  it("is unknown without a command line, and where there is none", () => {
    expect(machineFirmware("x86_64", []).region.name).toBe("[firmware]");
    expect(name("riscv64", "-bios", "none")).toBe("[firmware]");
    expect(name("riscv64", "-bios", "default")).toBe("[firmware OpenSBI]");
    expect(name("mips")).toBe("[firmware]");
  });
});

describe("a trace that says nothing of its machine, as imported logs do", () => {
  const imported = (...list: readonly string[]): string[] => regionsOf(undefined, "", list);

  it.each([
    ["fffffff0", "[firmware]", "[firmware]"],
    ["1000", "[firmware]", "[firmware]"],
    ["0", "[firmware]", "[kernel or program]"],
    ["40000000", "[kernel or program]", "[kernel or program]"],
  ])("is of a machine when it begins at %s", (start, ...expected) => {
    expect(imported(start, "80000000")).toEqual(expected);
  });

  it("has a kernel of 32 bits where it begins as a machine", () => {
    // Debian's kernels for i386, which KASLR moves, and for armhf.
    const i386 = ["fffffff0", "fe05b", "10200", "100000", "cb8caa4d", "f8012345", "804a000"];
    expect(imported(...i386)).toEqual([
      ...["[firmware]", "[firmware]", "[kernel real-mode setup]", "[kernel decompressor]"],
      ...["kernel", "kernel", "[user space]"],
    ]);
    const arm = ["40000000", "40010000", "415aa60c", "40208000", "403180c0", "c12003c0", "38770"];
    expect(imported(...arm)).toEqual([
      ...["[firmware]", "[kernel decompressor]", "[kernel decompressor]"],
      ...["[kernel before paging]", "[kernel before paging]", "kernel", "[user space]"],
    ]);
  });

  it("is of a machine when a kernel runs", () => {
    expect(imported("401000", kernel, "401000", "4002825b70")).toEqual([
      ...["[firmware]", "kernel", "[user space]", "[user space]"],
    ]);
  });

  it("is of a program where only a program can be", () => {
    // The first blocks of `qemu-x86_64 /bin/true`, and of one that is not relocatable.
    expect(imported("4002825b70", "4002826770")).toEqual(["[user space]", "[user space]"]);
    expect(imported("4002825b70", "401650")).toEqual(["[user space]", "[user space]"]);
  });

  it("may be of either, which it says", () => {
    expect(imported("401650", "401680", "fffffff0")).toEqual(Array(3).fill("[firmware or program]"));
  });
});

describe("a processor of 64 bits", () => {
  it("may run a kernel of 32 bits", () => {
    const list = ["fffffff0", "fe05b", "10200", "100000", "cb8caa4d"];
    expect(regionsOf("x86_64", "qemu-system-x86_64 -kernel bzImage", list).at(-1)).toBe("kernel");
    expect(regionsOf("x86_64", "qemu-system-x86_64 -kernel bzImage", [...list, kernel]).at(-2)).not.toBe("kernel");
    // Firmware that makes a copy of itself at the end of more than 3 GiB of memory.
    expect(regionsOf("x86_64", "qemu-system-x86_64 -m 3300", ["fffffff0", "=ce3eb320"]).at(-1)).toBe(
      "[firmware SeaBIOS]",
    );
  });
});

describe("addresses of large and of small address spaces", () => {
  it("are the kernel's in the upper half, with five levels of pages as with three", () => {
    const list = ["fffffff0", "ff11000000001000", "00ffff0000001000", "ffffffe000001000"];
    expect(regionsOf("x86_64", "qemu-system-x86_64", list).slice(1)).toEqual(["kernel", "[user space]", "kernel"]);
    const sv39 = ["1000", "ffffffe000001000", "3fffffe000"];
    expect(regionsOf("riscv64", "qemu-system-riscv64", sv39)).toEqual(["[reset ROM]", "kernel", "[user space]"]);
  });

  it("are the kernel's in the last gigabyte where there are 32 bits", () => {
    expect(regionsOf("i386", "qemu-system-i386", ["fffffff0", "c1000000", "8048000"])).toEqual([
      ...["[firmware SeaBIOS]", "kernel", "[user space]"],
    ]);
  });
});
