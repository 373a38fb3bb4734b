/** Instructions of an x86 ELF image as binutils' objdump prints them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Terminator } from "../../src/trace/types";

export interface Instruction {
  readonly address: bigint;
  /** In hexadecimal. */
  readonly bytes: string;
  readonly kind: Terminator;
  /** Of a direct branch, else 0. */
  readonly target: bigint;
}

const exact: Readonly<Partial<Record<string, Terminator>>> = {
  syscall: Terminator.Syscall,
  sysenter: Terminator.Syscall,
  sysexit: Terminator.Sysret,
  rsm: Terminator.Iret,
  int1: Terminator.Interrupt,
  int3: Terminator.Interrupt,
  int: Terminator.Interrupt,
  into: Terminator.Interrupt,
  hlt: Terminator.Halt,
  jmp: Terminator.Jump,
  call: Terminator.Call,
  ret: Terminator.Return,
};

function kindOf(mnemonic: string, indirect: boolean): Terminator {
  if (indirect && mnemonic === "jmp") return Terminator.IndirectJump;
  if (indirect && mnemonic === "call") return Terminator.IndirectCall;
  const kind = exact[mnemonic];
  if (kind !== undefined) return kind;
  if (/^l(call|jmp|ret)/.test(mnemonic)) return Terminator.Far;
  if (mnemonic.startsWith("sysret")) return Terminator.Sysret;
  if (mnemonic.startsWith("iret")) return Terminator.Iret;
  return /^(j|loop)/.test(mnemonic) ? Terminator.Conditional : Terminator.Other;
}

// AT&T syntax: address, bytes, prefixes, mnemonic with its size suffix or hint, operands.
const line =
  /^ *([0-9a-f]+):\t((?:[0-9a-f]{2} )+) *\t(?:(?:bnd|notrack|rep[nz]*|lock|data16|addr32|[cdefgs]s|rex[.WRXB]*) +)*([a-z0-9]+)(?:,p[nt])?(?: +(.*))?$/;

/** Feeds every instruction to `take`; bytes that objdump shows as data are left out. */
export async function disassemble(image: string, take: (instruction: Instruction) => void): Promise<void> {
  const child = spawn("objdump", ["-d", "--wide", "--insn-width=15", image], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  let rest = "";
  child.stdout.setEncoding("latin1");
  for await (const text of child.stdout as AsyncIterable<string>) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const one of lines) {
      const found = line.exec(one);
      if (found === null) continue;
      const [, address, bytes, mnemonic, operands = ""] = found;
      const kind = kindOf(mnemonic.replace(/^(call|jmp|ret)[qwl]$/, "$1"), operands.startsWith("*"));
      const target = /^[0-9a-f]+(?= <|$)/.exec(operands)?.[0];
      const direct = kind === Terminator.Call || kind === Terminator.Jump || kind === Terminator.Conditional;
      take({
        address: BigInt(`0x${address}`),
        bytes: bytes.replaceAll(" ", ""),
        kind,
        target: direct && target !== undefined ? BigInt(`0x${target}`) : 0n,
      });
    }
  }
  const [code] = (await closed) as [number | null];
  if (code !== 0) throw new Error(`objdump ended with ${String(code)}`);
}
