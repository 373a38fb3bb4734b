// Naming addresses against the tools of binutils and LLVM: as many distinct function starts and inner addresses as a boot has.
import { run } from "../../scripts/environment/processes.mjs";
import { inTurns, ratio, seconds, secondsOf } from "./measure.mjs";
import { measureNamingInEngine } from "./namingInEngine.mjs";

const addressCount = 65_631;

/** Addresses spread evenly over the executed part of the kernel's text. */
function addressesOf(functions) {
  const kernel = functions.filter(({ address, note }) => note === null && BigInt(address) >= 1n << 63n);
  const perFunction = Math.ceil(addressCount / kernel.length);
  const addresses = kernel.flatMap(({ address }) =>
    Array.from({ length: perFunction }, (_, step) => (BigInt(address) + BigInt(step * 5)).toString(16)),
  );
  return addresses.slice(0, addressCount);
}

export async function measureNaming({ trace, kernel, cli, folder, rounds }) {
  const { vmlinux } = kernel;
  const { functions } = JSON.parse(
    await run(process.execPath, [cli, "functions", trace, "--vmlinux", vmlinux, "--json"]),
  );
  const addresses = addressesOf(functions);
  const input = `${addresses.map((address) => `0x${address}`).join("\n")}\n`;
  // What is kept of the vmlinux has to be there before the first round that counts.
  await secondsOf(process.execPath, [cli, "symbolize", "--inlines", "--vmlinux", vmlinux], { input });
  const times = await inTurns(rounds, {
    ours: () => secondsOf(process.execPath, [cli, "symbolize", "--no-cache", "--vmlinux", vmlinux], { input }),
    chains: () =>
      secondsOf(process.execPath, [cli, "symbolize", "--no-cache", "--inlines", "--vmlinux", vmlinux], { input }),
    again: () => secondsOf(process.execPath, [cli, "symbolize", "--inlines", "--vmlinux", vmlinux], { input }),
    llvmChains: () => secondsOf("llvm-symbolizer", ["--inlines", "-e", vmlinux], { input }),
    llvm: () => secondsOf("llvm-symbolizer", ["--no-inlines", "-e", vmlinux], { input }),
    binutils: () => secondsOf("addr2line", ["-f", "-e", vmlinux], { input }),
  });
  const against = (other) => `${ratio(times[other] / times.ours)} (${seconds(times.ours)} : ${seconds(times[other])})`;
  const what = `naming ${addresses.length} addresses with lines`;
  return [
    { what: `${what}, against llvm-symbolizer`, measured: against("llvm"), target: "≥ 1x" },
    { what: `${what}, against addr2line`, measured: against("binutils"), target: "" },
    {
      what: "the same with inlined calls, cold, against llvm-symbolizer --inlines",
      measured: `${ratio(times.llvmChains / times.chains)} (${seconds(times.chains)} : ${seconds(times.llvmChains)})`,
      target: "≥ 1x",
    },
    {
      what: "the same again, from the cache, the program's start included",
      measured: seconds(times.again),
      target: "",
    },
    ...(await measureNamingInEngine({
      vmlinux,
      addresses: BigUint64Array.from(addresses, (address) => BigInt(`0x${address}`)),
      folder,
      rounds,
    })),
  ];
}
