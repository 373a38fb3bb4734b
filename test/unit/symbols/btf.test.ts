import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BootscopeError } from "../../../src/protocol/failure";
import { structMemberOffsets } from "../../../src/symbols/btf";
import { ByteCursor } from "../../../src/symbols/cursor";

const kinds = { integer: 1, pointer: 2, array: 3, struct: 4, union: 5, enumeration: 6, function: 12 } as const;

/** Builds a .BTF section type by type, as Documentation/bpf/btf.rst lays it out. */
class BtfBuilder {
  private readonly words: number[] = [];
  private strings = "\0";

  private name(text: string): number {
    if (text === "") return 0;
    this.strings += `${text}\0`;
    return this.strings.length - text.length - 1;
  }

  add(kind: number, name: string, extra: readonly number[] = [], elements = 0, bitFields = false): this {
    this.words.push(this.name(name), ((bitFields ? 0x80 : 0) * 2 ** 24 + kind * 2 ** 24 + elements) >>> 0, 8, ...extra);
    return this;
  }

  aggregate(kind: number, name: string, members: readonly [string, number, number][], bitFields = false): this {
    const extra = members.flatMap(([member, type, bits]) => [this.name(member), type, bits]);
    return this.add(kind, name, extra, members.length, bitFields);
  }

  cursor(): ByteCursor {
    const types = Buffer.from(Uint32Array.from(this.words).buffer);
    const strings = Buffer.from(this.strings, "latin1");
    const head = Buffer.alloc(24);
    head.writeUInt16LE(0xeb9f, 0);
    head.writeUInt8(1, 2);
    [24, 0, types.length, types.length, strings.length].forEach((word, i) => head.writeUInt32LE(word, 4 + 4 * i));
    return new ByteCursor(Buffer.concat([head, types, strings]), true, ".BTF");
  }
}

const wanted = ["pid", "tgid", "comm"];

describe("structMemberOffsets", () => {
  it("finds members behind types of every length", () => {
    const btf = new BtfBuilder()
      .add(kinds.integer, "int", [0x01000020])
      .add(kinds.array, "", [1, 1, 16])
      .add(kinds.enumeration, "e", [0, 1, 0, 2], 2)
      .add(kinds.pointer, "")
      .aggregate(kinds.struct, "other", [["pid", 1, 0]])
      .aggregate(kinds.struct, "task_struct", [
        ["state", 1, 0],
        ["pid", 1, 64],
        ["tgid", 1, 96],
        ["comm", 2, 256],
      ]);
    expect(Object.fromEntries(structMemberOffsets(btf.cursor(), "task_struct", wanted)!)).toEqual({
      pid: 8,
      tgid: 12,
      comm: 32,
    });
  });

  it("looks into anonymous members, as a randomized layout has them", () => {
    const btf = new BtfBuilder()
      .aggregate(kinds.union, "", [["tgid", 0, 0]])
      .aggregate(kinds.struct, "", [
        ["pid", 0, 32],
        ["", 1, 64],
      ])
      .aggregate(kinds.struct, "task_struct", [["", 2, 128]]);
    expect(Object.fromEntries(structMemberOffsets(btf.cursor(), "task_struct", wanted)!)).toEqual({
      pid: 20,
      tgid: 24,
    });
  });

  it("ignores the width of bit fields", () => {
    const btf = new BtfBuilder().aggregate(kinds.struct, "task_struct", [["pid", 0, (5 << 24) | 320]], true);
    expect(structMemberOffsets(btf.cursor(), "task_struct", wanted)?.get("pid")).toBe(40);
  });

  it("skips a declaration without members, and answers null without a structure of that name", () => {
    const btf = new BtfBuilder()
      .aggregate(kinds.struct, "task_struct", [])
      .aggregate(kinds.struct, "task_struct", [["pid", 0, 64]]);
    expect(structMemberOffsets(btf.cursor(), "task_struct", wanted)?.get("pid")).toBe(8);
    expect(structMemberOffsets(btf.cursor(), "mm_struct", wanted)).toBeNull();
  });

  it("ends on structures that contain themselves", () => {
    const btf = new BtfBuilder().aggregate(kinds.struct, "task_struct", [
      ["", 1, 64],
      ["pid", 0, 32],
    ]);
    expect(structMemberOffsets(btf.cursor(), "task_struct", wanted)?.has("pid")).toBe(true);
  });

  it("reports damage and nothing else on any bytes", () => {
    const valid = new BtfBuilder()
      .add(kinds.integer, "int", [0])
      .aggregate(kinds.struct, "task_struct", [["pid", 1, 64]])
      .cursor().bytes;
    const changes = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 8 });
    fc.assert(
      fc.property(changes, fc.nat(valid.length), (edits, length) => {
        const bytes = Uint8Array.from(valid);
        for (const [at, value] of edits) bytes[at] = value;
        try {
          structMemberOffsets(new ByteCursor(bytes.subarray(0, length), true, ".BTF"), "task_struct", wanted);
        } catch (error) {
          if (!(error instanceof BootscopeError && error.code === "damaged")) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
