/** `bootscope symbolize`: names for addresses, one per line of standard input. */
import path from "node:path";
import { text } from "node:stream/consumers";
import { Command } from "commander";
import type { CallFrame, InlineChains, SymbolizedAddress } from "../protocol/engine";
import { BootscopeError } from "../protocol/failure";
import { hex, print, printJson } from "./output";
import { debugFolderOption, debuginfodOption, debugSources, type DebugFlags } from "./traceOptions";
import { resultsFolder, withEngine } from "./withEngine";

interface Flags extends DebugFlags {
  readonly vmlinux: string;
  readonly inlines?: boolean;
  readonly cache: boolean;
  readonly json?: boolean;
}

export function symbolizeCommand(): Command {
  return new Command("symbolize")
    .description("Name addresses: reads them from standard input, in hexadecimal, one per line.")
    .requiredOption("--vmlinux <file>", "the kernel, with its symbols")
    .addOption(debugFolderOption())
    .addOption(debuginfodOption())
    .option("--inlines", "show the inlined calls at each address, the innermost first")
    .option("--no-cache", "read the vmlinux, even if what was read of it before is still known")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nPrints `function+0xoffset file:line` per address; ?? where the image does not tell." +
        "\nWith --inlines in the form of `addr2line -a -f -i`: the address, then two lines per call.",
    )
    .action(async (flags: Flags) => {
      const addresses = parseAddresses(await text(process.stdin));
      const vmlinux = path.resolve(flags.vmlinux);
      const debug = debugSources(flags);
      const cacheFolder = flags.cache ? resultsFolder() : null;
      if (flags.inlines === true) {
        const answer = await withEngine((engine, signal) =>
          engine.request("inlineChains", { vmlinux, addresses, cacheFolder, debug }, signal),
        );
        printChains(addresses, answer, flags.json === true);
        return;
      }
      const names = await withEngine((engine, signal) =>
        engine.request("symbolize", { vmlinux, addresses, cacheFolder, debug }, signal),
      );
      if (flags.json === true) printJson(names.map((name, i) => ({ address: hex(addresses[i]), ...jsonName(name) })));
      else if (names.length > 0) print(names.map(nameText).join("\n"));
    });
}

function printChains(addresses: BigUint64Array, { chains, problem }: InlineChains, asJson: boolean): void {
  if (problem !== null) process.stderr.write(`bootscope: ${problem}\n`);
  if (asJson) printJson(chains.map((frames, i) => ({ address: hex(addresses[i]), frames: frames.map(jsonFrame) })));
  else for (let from = 0; from < chains.length; from += printedAtOnce) printChainTexts(addresses, chains, from);
}

/** Addresses whose calls are made one text: neither one write for each, nor all in memory. */
const printedAtOnce = 2048;

function printChainTexts(addresses: BigUint64Array, chains: InlineChains["chains"], from: number): void {
  let text = "";
  for (let index = from; index < Math.min(chains.length, from + printedAtOnce); index++) {
    text += `0x${addresses[index].toString(16).padStart(16, "0")}\n`;
    for (const { function: name, file, line } of chains[index]) text += `${name ?? "??"}\n${placeText(file, line)}\n`;
  }
  print(text.slice(0, -1));
}

/** Hexadecimal, with or without 0x. Empty lines are left out. */
function parseAddresses(input: string): BigUint64Array {
  const addresses: bigint[] = [];
  for (const [index, line] of input.split(/\r?\n/).entries()) {
    const digits = line.trim();
    if (digits === "") continue;
    if (!/^(0x)?[0-9a-f]{1,16}$/i.test(digits)) {
      const shown = digits.length > 40 ? `${digits.slice(0, 40)}…` : digits;
      const message = `Line ${index + 1} of the input is not an address: ${shown}`;
      throw new BootscopeError("unreadable", message, "Give hexadecimal addresses of at most 64 bits, one per line.");
    }
    addresses.push(BigInt(`0x${digits.replace(/^0x/i, "")}`));
  }
  return BigUint64Array.from(addresses);
}

function jsonName({ function: name, offset, file, line }: SymbolizedAddress): object {
  return { function: name, offset: name === null ? null : offset, file, line: file === null ? null : line };
}

function nameText({ function: name, offset, file, line }: SymbolizedAddress): string {
  return `${name === null ? "??" : `${name}+0x${offset.toString(16)}`} ${placeText(file, line)}`;
}

function jsonFrame({ function: name, file, line }: CallFrame): object {
  return { function: name, file, line: file === null ? null : line };
}

const placeText = (file: string | null, line: number): string => (file === null ? "??:0" : `${file}:${line}`);
