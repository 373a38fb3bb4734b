/** A kernel of nothing but the symbol table that it carries for itself (scripts/kallsyms.c), before Linux 6.4. */
const base = 0xffff_ffff_8100_0000n;
const symbols = 300;
const headerBytes = 64 + 56;

export function kernelWithKallsyms(): Buffer {
  const data = kallsyms();
  const header = Buffer.alloc(headerBytes);
  header.write("\x7fELF\x02\x01\x01", "latin1");
  header.writeUInt16LE(2, 16); // ET_EXEC
  header.writeUInt16LE(62, 18); // x86-64
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(64n, 32); // program headers
  [64, 56, 1, 64, 0, 0].forEach((value, index) => header.writeUInt16LE(value, 52 + 2 * index));
  header.writeUInt32LE(1, 64); // PT_LOAD
  header.writeUInt32LE(5, 68); // readable, executable
  [BigInt(headerBytes), base, 0x100_0000n, BigInt(data.length), 1n << 20n, 8n].forEach((value, index) =>
    header.writeBigUInt64LE(value, 72 + 8 * index),
  );
  return Buffer.concat([header, data]);
}

/** A bzImage of boot protocol 2.8 around a packed kernel. */
export function packedKernel(packed: Buffer): Buffer {
  const head = Buffer.alloc(1024);
  head[0x1f1] = 1;
  head.write("HdrS", 0x202, "latin1");
  head.writeUInt16LE(0x0208, 0x206);
  head.writeUInt32LE(packed.length + 4, 0x24c);
  return Buffer.concat([head, packed, Buffer.alloc(4)]);
}

/**
 * An Image of arm64 with the same symbols, one that can be moved: the base stands in a relocation behind them
 * (Documentation/arch/arm64/booting.rst; Elf64_Rela, R_AARCH64_RELATIVE).
 */
export function flatKernel(): Buffer {
  const head = Buffer.alloc(64);
  head.write("ARM\x64", 0x38, "latin1");
  head.writeBigUInt64LE(1n << 20n, 16); // image_size
  const data = kallsyms();
  const baseAt = 4 * symbols;
  const relocation = Buffer.alloc(24);
  [base + BigInt(head.length + baseAt), 0x403n, data.readBigUInt64LE(baseAt)].forEach((value, index) =>
    relocation.writeBigUInt64LE(value, 8 * index),
  );
  data.writeBigUInt64LE(0n, baseAt);
  return Buffer.concat([head, data, relocation]);
}

function kallsyms(): Buffer {
  const offsets = Buffer.alloc(4 * symbols);
  const names: Buffer[] = [];
  const markers = Buffer.alloc(8);
  for (let index = 0, at = 0; index < symbols; index++) {
    offsets.writeUInt32LE(16 * index, 4 * index);
    if (index % 256 === 0) markers.writeUInt32LE(at, index / 64);
    const name = Buffer.from(`Tsymbol_${index}`, "latin1");
    names.push(Buffer.of(name.length), name);
    at += name.length + 1;
  }
  const head = Buffer.alloc(16);
  head.writeBigUInt64LE(base);
  head.writeUInt32LE(symbols, 8);
  // Every token stands for itself, which number 0 cannot.
  const tokens = Array.from({ length: 256 }, (_, token) => Buffer.of(token === 0 ? 1 : token, 0));
  const index = Buffer.alloc(512);
  tokens.forEach((_, token) => index.writeUInt16LE(2 * token, 2 * token));
  return Buffer.concat([offsets, head, padded(Buffer.concat(names)), markers, ...tokens, index]);
}

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
