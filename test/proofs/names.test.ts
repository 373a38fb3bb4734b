/**
 * Whole kernels of three architectures against addr2line and, where that differs, llvm-symbolizer and eu-addr2line: the start of
 * every function and as many random addresses, with their chains of inlined calls.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { openImage } from "../../src/symbols/image";
import type { ImageSymbols } from "../../src/symbols/types";
import { ensureForeignVmlinux } from "../../scripts/environment/foreignVmlinux.mjs";
import { ensureKernel } from "../../scripts/environment/kernel.mjs";
import { ensurePackages } from "../../scripts/environment/packages.mjs";
import { NmSymbols } from "../support/nmSymbols";
import {
  addr2lineChains,
  chainAt,
  llvmChains,
  randomNumbers,
  runTool,
  withoutClone,
  type Chain,
} from "../support/symbolizers";

const kernels = [
  { name: "x86_64", addr2line: "addr2line", open: async () => (await ensureKernel()).vmlinux },
  { name: "arm64", addr2line: "aarch64-linux-gnu-addr2line", open: () => ensureForeignVmlinux("arm64") },
  { name: "riscv64", addr2line: "riscv64-linux-gnu-addr2line", open: () => ensureForeignVmlinux("riscv64") },
];

beforeAll(() =>
  ensurePackages(["binutils", "binutils-aarch64-linux-gnu", "binutils-riscv64-linux-gnu", "elfutils", "llvm"]),
);

describe.each(kernels)("the kernel of $name", ({ name, addr2line, open }) => {
  it("has the names, lines and inlined calls that the others have", { timeout: 1_800_000 }, async () => {
    const vmlinux = await open();
    const image = await openImage(vmlinux);
    const addresses = addressesOf(image);
    const frames = (await image.inlineFramesMany(addresses))!;
    image.close();
    expect(frames.problem).toBeNull();
    const nm = new NmSymbols(runTool("nm", ["-S", vmlinux]));
    const voters = [
      (asked: readonly bigint[]) => addr2lineChains(vmlinux, asked, addr2line),
      (asked: readonly bigint[]) => llvmChains(vmlinux, asked),
      (asked: readonly bigint[]) => addr2lineChains(vmlinux, asked, "eu-addr2line"),
    ];
    let rest = Array.from(addresses, (address, index): Asked => ({ address, own: chainAt(frames, index), theirs: [] }));
    const agreed: number[] = [];
    for (const ask of voters) {
      const theirs = rest.length === 0 ? [] : ask(rest.map(({ address }) => address));
      const asked = rest.map(({ address, own }, index) => ({ address, own, theirs: theirs[index] }));
      rest = asked.filter((one) => !isSame(one, nm));
      agreed.push(asked.length - rest.length);
    }
    const [binutils, llvm, elfutils] = agreed;
    const unexplained = rest.filter((one) => !contradictsSymbols(one, nm));
    const chains = unexplained.map(({ address, own }) => `${address.toString(16)} ${JSON.stringify(own)}`);
    console.log(
      `${name}: ${addresses.length} addresses, ${binutils} as addr2line, ${llvm} more as llvm-symbolizer, ` +
        `${elfutils} more as eu-addr2line, ${rest.length - unexplained.length} where that has another function than the ` +
        `symbol table, ${unexplained.length} as nobody\n${chains.slice(0, 20).join("\n")}`,
    );
    expect(chains).toEqual([]);
  });
});

/** The start of each function, and one address inside of it. */
function addressesOf({ functions }: ImageSymbols): BigUint64Array {
  const random = randomNumbers(0xadd7);
  const inside = functions.address.map(
    (address, index) => address + BigInt(Math.floor(random() * functions.size[index])),
  );
  return BigUint64Array.from(new Set([...functions.address, ...inside]));
}

interface Asked {
  readonly address: bigint;
  readonly own: Chain;
  readonly theirs: Chain;
}

/** Whether two chains say the same: all places, and names but for aliases, clones and labels where nothing is inlined. */
function isSame({ address, own, theirs }: Asked, nm: NmSymbols): boolean {
  if (own.length !== theirs.length || own.some(({ line }, frame) => line !== theirs[frame].line)) return false;
  return own.every(({ name }, frame) => {
    const other = theirs[frame].name;
    if (withoutClone(name) === withoutClone(other)) return true;
    return frame === own.length - 1 && nm.explains(address, name, other);
  });
}

/** Whether the others found debug information of another function than the one that the symbol table has there, which is ours. */
function contradictsSymbols({ address, own, theirs }: Asked, nm: NmSymbols): boolean {
  const [name, other] = [own, theirs].map((chain) => chain.at(-1)?.name ?? "-");
  return nm.explains(address, other, name) && !nm.explains(address, name, other);
}
