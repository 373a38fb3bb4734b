/** Numbers of the ELF specification (System V gABI, chapters 4 and 5, and its processor supplements), by their own names. */

export const ElfType = { Relocatable: 1, Executable: 2, Dynamic: 3 } as const;

export const ElfMachine = { I386: 3, Arm: 40, X86_64: 62, AArch64: 183, RiscV: 243 } as const;

export const SectionType = {
  Null: 0,
  ProgramBits: 1,
  SymbolTable: 2,
  StringTable: 3,
  Rela: 4,
  Note: 7,
  NoBits: 8,
  Rel: 9,
  SymbolTableIndex: 18,
} as const;

export const SectionFlag = { Allocated: 0x2, Executable: 0x4, Compressed: 0x800 } as const;

export const SegmentType = { Load: 1, Note: 4 } as const;
export const SegmentFlag = { Executable: 0x1 } as const;

export const SymbolType = { None: 0, Object: 1, Function: 2, Section: 3, File: 4, IndirectFunction: 10 } as const;
export const SymbolBinding = { Local: 0, Global: 1, Weak: 2 } as const;

/** Special section indexes of symbols. */
export const SectionIndex = {
  Undefined: 0,
  ReservedLow: 0xff00,
  Absolute: 0xfff1,
  Common: 0xfff2,
  Extended: 0xffff,
} as const;

/** Compression of sections with `SectionFlag.Compressed`. */
export const CompressionType = { Zlib: 1, Zstd: 2 } as const;
