/** For sources that name functions instead of addresses: gives each name an address of its own, and says which is which. */
import { BootscopeError } from "../../protocol/failure";
import type { TraceWriter } from "../writer";

/** Name under which such a list travels in a trace (docs/trace-format.md, "Attachments"). */
export const symbolMapAttachment = { name: "System.map", mime: "text/plain" } as const;

/** In the kernel's half, below everything that a kernel of any target maps there. */
const firstAddress = 0xffff_fe80_0000_0000n;
/** Larger than any function. */
const functionBytes = 0x10_0000n;
/** More functions than any kernel has. */
const mostNames = 1 << 20;

export const namedFunctionsReason =
  "The source has names instead of addresses: the addresses shown were made up to tell functions apart.";

export class NamedFunctions {
  private readonly addresses = new Map<string, bigint>();

  /**
   * Address of the byte at `offset` in a function.
   * @throws BootscopeError `unsupported` when there are more names than functions in any kernel
   */
  addressOf(name: string, offset = 0n): bigint {
    let address = this.addresses.get(name);
    if (address === undefined) {
      if (this.addresses.size === mostNames) throw new BootscopeError("unsupported", "The trace has too many names.");
      address = firstAddress + BigInt(this.addresses.size) * functionBytes;
      this.addresses.set(name, address);
    }
    return address + (offset < functionBytes ? offset : functionBytes - 1n);
  }

  /** Attaches the names to the trace. */
  attach(writer: TraceWriter): void {
    if (this.addresses.size === 0) return;
    const rows = [...this.addresses].map(([name, address]) => `${address.toString(16)} T ${name}\n`);
    const end = firstAddress + BigInt(this.addresses.size) * functionBytes;
    rows.push(`${end.toString(16)} T _end\n`);
    const { name, mime } = symbolMapAttachment;
    writer.addAttachment(name, mime, Buffer.from(rows.join("")));
  }
}
