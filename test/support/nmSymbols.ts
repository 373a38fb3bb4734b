/** A symbol table as `nm -S` lists it. */
export class NmSymbols {
  readonly symbols: { address: bigint; size: number; kind: string; name: string }[];
  private readonly byAddress = new Map<bigint, string[]>();
  private readonly addressesByName = new Map<string, bigint[]>();

  constructor(listing: string) {
    this.symbols = listing
      .trim()
      .split("\n")
      .map((row) => row.trim().split(/\s+/))
      .filter((words) => words.length >= 3)
      .map((words) => ({
        address: BigInt(`0x${words[0]}`),
        size: words.length === 4 ? parseInt(words[1], 16) : 0,
        kind: words.at(-2)!,
        name: words.at(-1)!,
      }));
    for (const { address, name } of this.symbols) {
      this.byAddress.set(address, [...this.namesAt(address), name]);
      this.addressesByName.set(name, [...(this.addressesByName.get(name) ?? []), address]);
    }
  }

  namesAt(address: bigint): readonly string[] {
    return this.byAddress.get(address) ?? [];
  }

  /**
   * Whether two names of an address are two names of one function: aliases (then also of identical functions that the compiler
   * folded), a label or another function around or inside of it, or a syscall, which DWARF names __do_sys_…. A `.part` piece may
   * be all inlined code, whose name DWARF then gives.
   */
  explains(address: bigint, own: string, other: string): boolean {
    const starts = this.addressesByName.get(own) ?? [];
    const start = starts.filter((candidate) => candidate <= address).reduce((a, b) => (a > b ? a : b), 0n);
    const isLabel = (this.addressesByName.get(other) ?? []).some((at) => at >= start && at <= address);
    const isAround = this.symbols.some(
      ({ name, address: at, size }) => name === other && at <= address && address < at + BigInt(size),
    );
    const isSyscall = /^__(?:do|se)_(?:compat_)?sys_/.test(other) && own.includes(other.replace(/^__(?:do|se)_/, ""));
    return isLabel || isAround || isSyscall || own.includes(".part.");
  }
}
