/**
 * The code of an ELF file as it lies in memory, to be found again in what a guest executed.
 *
 * A loader changes some of the bytes: relocations, and what the kernel patches at boot. Where the result can be told from the
 * block that was recorded, it is; other places are unknown.
 */

/** What a loader does at a place in code. */
export enum PatchKind {
  /** Bytes that cannot be foretold. */
  Unknown,
  /** The 32-bit distance at the end of a direct call or jump: told by the branch's recorded target. */
  Branch,
  /** x86: the call of `__fentry__`, which becomes a NOP of five bytes when the module is loaded. */
  FunctionEntry,
  /** x86: a jump to the return thunk of five bytes, which may become `ret` and four breakpoints. */
  Return,
  /** x86: a `lock` prefix, which becomes a `ds` prefix on a machine with one processor. */
  Lock,
}

/** A place in code that a loader changes. */
export interface Patch {
  /** Offset in the part's bytes. */
  readonly offset: number;
  readonly length: number;
  readonly kind: PatchKind;
  /** What a branch goes to, when that is a symbol of another file: its name. */
  readonly symbol?: string;
}

/** A stretch of code that is loaded as one piece. */
export interface CodePart {
  /** Link address of the first byte. */
  readonly start: bigint;
  /** Where the first byte lies in its page: the same at every place where the part is loaded. */
  readonly pageOffset: number;
  readonly bytes: Uint8Array;
  /** Only loaded at its link address (a program that is not position independent). */
  readonly fixed: boolean;
  /** By ascending offset; none overlap. */
  readonly patches: readonly Patch[];
}

/** What is known of a block that is compared with a part. */
export interface RecordedCode {
  readonly address: bigint;
  readonly size: number;
  readonly crc: number;
  /** Of the direct branch at its end; 0: none. */
  readonly target: bigint;
  /** Its last instruction is a `ret` of one byte. */
  readonly endsInReturn: boolean;
}

export type Likeness = "same" | "different" | "unknown";

export const pageBytes = 4096;
const nop5 = Uint8Array.of(0x0f, 0x1f, 0x44, 0x00, 0x00);
const returnInstruction = 0xc3;
const dsPrefix = 0x3e;

/** Compares a recorded block with the code at an offset of a part. `crc32` is that of the recorder. */
export function compareCode(
  part: CodePart,
  offset: number,
  code: RecordedCode,
  crc32: (bytes: Uint8Array) => number,
): Likeness {
  const end = offset + code.size;
  if (offset < 0 || end > part.bytes.length || code.size === 0) return "different";
  const bytes = part.bytes.subarray(offset, end);
  const first = firstPatchAfter(part.patches, offset);
  if (first === part.patches.length || part.patches[first].offset >= end)
    return crc32(bytes) === code.crc ? "same" : "different";
  const changed = Uint8Array.from(bytes);
  const locks: number[] = [];
  for (let index = first; index < part.patches.length && part.patches[index].offset < end; index++) {
    const patch = part.patches[index];
    if (patch.kind === PatchKind.Lock) locks.push(patch.offset - offset);
    else if (!applyPatch(changed, patch, offset, code)) return "unknown";
  }
  if (crc32(changed) === code.crc) return "same";
  for (const lock of locks) if (lock >= 0) changed[lock] = dsPrefix;
  return locks.length > 0 && crc32(changed) === code.crc ? "same" : "different";
}

/** Changes a copy of the block's bytes as the loader did. False: what it made of them is unknown. */
function applyPatch(bytes: Uint8Array, patch: Patch, offset: number, code: RecordedCode): boolean {
  const at = patch.offset - offset;
  switch (patch.kind) {
    case PatchKind.FunctionEntry:
      if (at < 0 || at + nop5.length > bytes.length) return false;
      bytes.set(nop5, at);
      return true;
    case PatchKind.Return:
      if (!code.endsInReturn) return branchTo(bytes, at + 1, code);
      if (at !== bytes.length - 1) return false;
      bytes[at] = returnInstruction;
      return true;
    case PatchKind.Branch:
      return branchTo(bytes, at, code);
    case PatchKind.Lock:
    case PatchKind.Unknown:
      return false;
  }
}

/** Writes the distance to the recorded target of the branch that ends the block, when that is where its last bytes are. */
function branchTo(bytes: Uint8Array, at: number, { address, size, target }: RecordedCode): boolean {
  if (target === 0n || at < 0 || at + 4 !== bytes.length) return false;
  const distance = BigInt.asIntN(32, target - address - BigInt(size));
  new DataView(bytes.buffer).setInt32(at, Number(distance), true);
  return true;
}

/** Index of the first patch that ends behind an offset. */
function firstPatchAfter(patches: readonly Patch[], offset: number): number {
  let [low, high] = [0, patches.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (patches[middle].offset + patches[middle].length <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The branch at the end of a block that goes to a symbol of another file, or null. */
export function outgoingBranch(part: CodePart, offset: number, size: number): Patch | null {
  const end = offset + size;
  const patch = part.patches.at(firstPatchAfter(part.patches, end - 1));
  return patch?.symbol !== undefined && patch.kind === PatchKind.Branch && patch.offset + 4 === end ? patch : null;
}
