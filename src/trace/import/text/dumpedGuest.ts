/**
 * What guest the register dumps of `-d cpu` are of. Which registers there are tells the target. Whether a program runs alone is told
 * by the processor's mode, in the line of the program counter or behind it:
 *
 *   x86      RIP=… RFL=00000202 [-------] CPL=3 …      (a machine begins with CPL=0)
 *   aarch64  PSTATE=400003c5 -Z-- EL1h                 (a program: EL0t)
 *   arm      PSR=400001d3 -Z-- A svc32                 (a program: usr32); of M profile: XPSR=… priv-thread
 *   riscv    mstatus, which only a machine's dumps have; x0/zero, in as many digits as the target's registers
 */
import { lineText } from "./textLines";

const x86Level = / CPL=([0-3]) /;
const pstate = /^PSTATE=[0-9a-f]{8,16} [N-][Z-][C-][V-] EL([0-3])[th]/;
const psr = /^PSR=[0-9a-f]{8} [N-][Z-][C-][V-] [AJT] (?:N?S )?([a-z]{3})(?:32|26)$/;
const xpsr = /^XPSR=[0-9a-f]{8} [N-][Z-][C-][V-] [AT] (?:N?S )?(\S+)$/;
const zero = /^ x0\/zero +(0+) /;
const programModes: ReadonlySet<string | undefined> = new Set(["0", "usr", "unpriv-thread"]);
const [lowerM, lowerX] = Buffer.from("mx");

export class DumpedGuest {
  /** QEMU's name of the target; undefined: not told yet. */
  target: string | undefined;
  private modeTold = false;
  private isPrivileged = false;

  /** False: all dumps are of a program; undefined: they do not tell. */
  get systemEmulation(): boolean | undefined {
    return this.modeTold ? this.isPrivileged : undefined;
  }

  /** A line with `RIP=` (wide) or `EIP=` in it. A processor of 64 bits may run code of 32. */
  takeX86(line: string, isWide: boolean): void {
    if (isWide) this.target = "x86_64";
    else this.target ??= "i386";
    const level = x86Level.exec(line)?.[1];
    if (level !== undefined) this.tell(level !== "3");
  }

  /** A dump with `PC=` (wide) or `R15=`. A processor of 64 bits may run programs of 32. */
  takeArm(isWide: boolean): void {
    if (isWide) this.target = "aarch64";
    else this.target ??= "arm";
  }

  /** A line that may have the mode of an Arm processor: it begins with P or X. */
  takeMode(bytes: Uint8Array, start: number, end: number): void {
    if (this.isPrivileged) return;
    const line = lineText(bytes, start, Math.min(end, start + 120));
    const mode = (pstate.exec(line) ?? psr.exec(line) ?? xpsr.exec(line))?.[1];
    if (mode !== undefined) this.tell(!programModes.has(mode));
  }

  /** A dump with `pc`. */
  takeRiscvPc(): void {
    // The registers of a machine's modes follow, or it has none.
    this.modeTold = true;
  }

  /** A line of riscv's registers, or any other that begins with a space. */
  takeRiscv(bytes: Uint8Array, start: number, end: number): void {
    const second = bytes[start + 1];
    if (second === lowerX && this.target === undefined) {
      const digits = zero.exec(lineText(bytes, start, Math.min(end, start + 120)))?.[1];
      if (digits !== undefined) this.target = digits.length === 16 ? "riscv64" : "riscv32";
    } else if (second === lowerM && !this.isPrivileged) {
      this.isPrivileged = lineText(bytes, start, Math.min(end, start + 120)).startsWith(" mstatus ");
    }
  }

  private tell(isPrivileged: boolean): void {
    this.modeTold = true;
    this.isPrivileged ||= isPrivileged;
  }
}
