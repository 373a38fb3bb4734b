import { open } from "node:fs/promises";
import { BootscopeError } from "../protocol/failure";
import { guestAddress, type GuestAddress } from "../protocol/units";
import { isCodeName, onePerAddress, type FunctionSymbol } from "./functionSymbols";
import { SearchableFunctions } from "./functionTable";
import type { ImageSymbols, LoadSegment } from "./types";

/** A kernel with everything built in has some 20 MB of symbols. */
const maximumBytes = 1 << 28;
const headBytes = 4096;
/** Where nothing says where code ends, it ends with its page. */
const pageBytes = 4096n;

/** "address kind name", and in kallsyms after a tab "[module]": nm's format, which System.map and /proc/kallsyms share. */
const row = /^([0-9a-f]{8}|[0-9a-f]{16}) ([A-Za-z?]) (\S+)(?:\t\[(\S+)\])?$/;

interface MapSymbol {
  readonly address: bigint;
  readonly kind: string;
  readonly name: string;
  /** Empty for the kernel itself. */
  readonly module: string;
}

/**
 * Opens a System.map, or a copy of /proc/kallsyms, as an image that has names and nothing else: no bytes, no lines. Null when the
 * file's first line is not one of them.
 *
 * Rejects with BootscopeError: "not-found" or "unreadable", "unsupported" (too large), "no-symbols" (all addresses are hidden).
 */
export async function openSymbolMap(path: string): Promise<ImageSymbols | null> {
  const text = await readMap(path);
  return text === null ? null : new SymbolMap(path, parse(text, path));
}

async function readMap(path: string): Promise<string | null> {
  const file = await open(path, "r").catch(() => null);
  // What cannot be opened is told by the one who opens it as an ELF file.
  if (file === null) return null;
  try {
    if (!(await file.stat()).isFile()) return null;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    const [first] = buffer.toString("latin1", 0, bytesRead).split("\n", 1);
    if (!row.test(first)) return null;
    const { size } = await file.stat();
    if (size > maximumBytes) throw new BootscopeError("unsupported", `${path} is too large for a list of symbols.`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

/** Symbols by ascending address. Lines of another form are left out, a last one that is cut included. */
function parse(text: string, path: string): MapSymbol[] {
  const symbols: MapSymbol[] = [];
  for (const line of text.split("\n")) {
    const match = row.exec(line);
    if (match === null) continue;
    const [, address, kind, name] = match;
    const module = match.at(4) ?? "";
    symbols.push({ address: BigInt(`0x${address}`), kind, name, module });
  }
  if (symbols.every(({ address }) => address === 0n)) {
    const advice = "Copy /proc/kallsyms as root, with the sysctl kernel.kptr_restrict at most 1.";
    throw new BootscopeError("no-symbols", `All addresses in ${path} are hidden.`, advice);
  }
  return symbols.sort((a, b) => (a.address < b.address ? -1 : Number(a.address > b.address)));
}

/** The symbols of code: nm's kinds for text and for weak symbols. A symbol without a size ends where the next one begins. */
function codeSymbols(sorted: readonly MapSymbol[]): (FunctionSymbol & { module: string })[] {
  const uses = new Map<string, number>();
  for (const { name } of sorted) uses.set(name, (uses.get(name) ?? 0) + 1);
  const symbols: (FunctionSymbol & { module: string })[] = [];
  let next: MapSymbol | undefined;
  for (let index = sorted.length - 1; index >= 0; index--) {
    const { address, kind, name, module } = sorted[index];
    const following = sorted.at(index + 1);
    if (following !== undefined && following.address !== address) next = following;
    if (!/[tTwW]/.test(kind) || !isCodeName(name, true)) continue;
    const pageEnd = (address / pageBytes + 1n) * pageBytes;
    symbols.push({
      address,
      size: 0,
      name,
      isLocal: kind === "t",
      // Nothing says which of several static functions of one name a piece belongs to: each is a unit of its own.
      translationUnit: uses.get(name) === 1 ? 0 : index + 1,
      limit: next?.module === module ? next.address : pageEnd,
      module,
    });
  }
  return symbols;
}

class SymbolMap implements ImageSymbols {
  readonly machine = "other";
  readonly isLinked = true;
  readonly buildId = null;
  readonly banner = null;
  readonly hasLines = false;
  readonly problem = null;
  readonly segments: readonly LoadSegment[];
  readonly functions: SearchableFunctions;

  constructor(
    readonly path: string,
    private readonly symbols: readonly MapSymbol[],
  ) {
    const code = codeSymbols(symbols);
    this.functions = SearchableFunctions.of(onePerAddress(code));
    this.segments = kernelSegment(code.filter(({ module }) => module === ""));
  }

  lines(): Promise<null> {
    return Promise.resolve(null);
  }

  linesFor(): Promise<null> {
    return this.lines();
  }

  inlineFramesMany(): Promise<null> {
    return Promise.resolve(null);
  }

  lookupMany(addresses: BigUint64Array): Int32Array {
    return this.functions.lookupMany(addresses);
  }

  addressOf(name: string): GuestAddress | null {
    const found = this.symbols.find((symbol) => symbol.name === name);
    return found === undefined ? null : guestAddress(found.address);
  }

  read(): null {
    return null;
  }

  close(): void {
    // The file was closed when it had been read.
  }
}

/** All of the kernel's code as one segment, none for no code. Physical addresses are not told: they are put at the virtual ones. */
function kernelSegment(code: readonly FunctionSymbol[]): LoadSegment[] {
  if (code.length === 0) return [];
  const start = code.reduce((least, { address }) => (address < least ? address : least), code[0].address);
  const end = code.reduce((most, { limit }) => (limit > most ? limit : most), start);
  const address = guestAddress(start);
  return [{ virtualAddress: address, physicalAddress: address, memorySize: end - start, executable: true }];
}
