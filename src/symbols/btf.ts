/**
 * Member offsets of kernel structures from BTF, the compact type information in a vmlinux's .BTF section
 * (Documentation/bpf/btf.rst). One pass over the types; bounded by the section's size.
 */
import type { ByteCursor } from "./cursor";

const magic = 0xeb9f;
/** Kinds of types, as far as their records differ in length. */
const Kind = {
  Integer: 1,
  Array: 3,
  Struct: 4,
  Union: 5,
  Enum: 6,
  FunctionPrototype: 13,
  Variable: 14,
  DataSection: 15,
  DeclarationTag: 17,
  Enum64: 19,
} as const;
/** Anonymous members inside anonymous members, as deep as anyone nests them. */
const deepestNesting = 16;

/** Bytes behind a type's 12-byte head: per element, and once. Kinds that are not here have none. */
const elementBytes: Readonly<Record<number, number>> = {
  [Kind.Struct]: 12,
  [Kind.Union]: 12,
  [Kind.Enum]: 8,
  [Kind.FunctionPrototype]: 8,
  [Kind.DataSection]: 12,
  [Kind.Enum64]: 12,
};
const fixedBytes: Readonly<Record<number, number>> = {
  [Kind.Integer]: 4,
  [Kind.Array]: 12,
  [Kind.Variable]: 4,
  [Kind.DeclarationTag]: 4,
};

interface Member {
  readonly name: string;
  /** Number of its type. */
  readonly type: number;
  readonly bitOffset: number;
}

/** The types of one .BTF section: where each begins. */
class BtfTypes {
  /** Offsets in the section, by type number; number 0 is void. */
  private readonly starts: number[] = [0];
  private readonly strings: number;
  private readonly end: number;

  /** @throws BootscopeError "damaged" when the section is not BTF or ends inside a type. */
  constructor(private readonly btf: ByteCursor) {
    btf.position = 0;
    if (btf.u16() !== magic) throw btf.damaged("it does not begin like BTF", 0);
    btf.take(2);
    const headBytes = btf.u32();
    const types = headBytes + btf.u32();
    this.end = types + btf.u32();
    this.strings = headBytes + btf.u32();
    for (btf.position = types; btf.position < this.end;) {
      this.starts.push(btf.position);
      const { kind, elements } = this.head();
      btf.take((fixedBytes[kind] ?? 0) + (elementBytes[kind] ?? 0) * elements);
    }
  }

  /** Members of the first structure with this name that has any, or null. */
  membersOf(name: string): Member[] | null {
    for (let type = 1; type < this.starts.length; type++) {
      this.btf.position = this.starts[type];
      const { kind, elements, nameOffset } = this.head();
      if (kind === Kind.Struct && elements > 0 && this.string(nameOffset) === name) return this.members(type);
    }
    return null;
  }

  /** Members of a structure or union by its number; none for another type. */
  members(type: number): Member[] {
    if (type <= 0 || type >= this.starts.length) return [];
    this.btf.position = this.starts[type];
    const { kind, elements, hasBitFields } = this.head();
    if (kind !== Kind.Struct && kind !== Kind.Union) return [];
    return Array.from({ length: elements }, () => {
      const [nameOffset, memberType, offset] = [this.btf.u32(), this.btf.u32(), this.btf.u32()];
      return { nameOffset, type: memberType, bitOffset: hasBitFields ? offset & 0xffffff : offset };
    }).map(({ nameOffset, ...member }) => ({ ...member, name: this.string(nameOffset) }));
  }

  private head(): { kind: number; elements: number; nameOffset: number; hasBitFields: boolean } {
    const nameOffset = this.btf.u32();
    const info = this.btf.u32();
    this.btf.take(4);
    return { kind: (info >>> 24) & 0x1f, elements: info & 0xffff, nameOffset, hasBitFields: info >>> 31 === 1 };
  }

  private string(offset: number): string {
    const { bytes } = this.btf;
    const start = Math.min(this.strings + offset, bytes.length);
    const end = bytes.indexOf(0, start);
    return new TextDecoder().decode(bytes.subarray(start, end < 0 ? bytes.length : end));
  }
}

/**
 * Byte offsets of members of a structure, those of anonymous structures and unions inside it included (a kernel with
 * randomized layout wraps task_struct's members in one). A member that is not there is not in the answer; null when the
 * structure is not.
 * @throws BootscopeError "damaged"
 */
export function structMemberOffsets(
  btf: ByteCursor,
  structure: string,
  wanted: readonly string[],
): Map<string, number> | null {
  const types = new BtfTypes(btf);
  const members = types.membersOf(structure);
  if (members === null) return null;
  const offsets = new Map<string, number>();
  const visit = (list: readonly Member[], baseBits: number, depth: number): void => {
    for (const { name, type, bitOffset } of list) {
      if (wanted.includes(name)) offsets.set(name, (baseBits + bitOffset) / 8);
      else if (name === "" && depth < deepestNesting) visit(types.members(type), baseBits + bitOffset, depth + 1);
    }
  };
  visit(members, 0, 0);
  return offsets;
}
