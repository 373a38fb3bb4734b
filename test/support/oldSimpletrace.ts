/** Bytes of QEMU's simple traces of versions 0, 2 and 3, which name no events (version 4: simpletraceBuilder.ts). */

/** The word of all ones: the id of a header. */
export const allOnes = 2n ** 64n - 1n;
/** The id of a record that tells of lost ones. */
export const droppedId = allOnes - 1n;
const magic = 0xf2b177cb0aa429b4n;

const half = (value: number, littleEndian: boolean): Buffer => {
  const bytes = Buffer.alloc(4);
  if (littleEndian) bytes.writeUInt32LE(value);
  else bytes.writeUInt32BE(value);
  return bytes;
};
const words = (littleEndian: boolean, ...values: bigint[]): Buffer =>
  Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(8);
      if (littleEndian) bytes.writeBigUInt64LE(value);
      else bytes.writeBigUInt64BE(value);
      return bytes;
    }),
  );

/** The 24 bytes before the records of versions 2 and 3. */
export const header = (version: bigint, littleEndian = true): Buffer => words(littleEndian, allOnes, magic, version);

/** A record of version 2 or 3, of process 42. */
export const event = (id: bigint, time: bigint, args: readonly bigint[], littleEndian = true): Buffer =>
  Buffer.concat([
    words(littleEndian, id, time),
    half(24 + 8 * args.length, littleEndian),
    half(42, littleEndian),
    words(littleEndian, ...args),
  ]);

/** A record of version 0: 64 bytes, whatever its event has. */
export const fixedRecord = (id: bigint, time: bigint, args: readonly bigint[], littleEndian = true): Buffer =>
  words(littleEndian, id, time, ...Array.from({ length: 6 }, (_, index) => args[index] ?? 0n));

/** The header of version 0, which is a record. */
export const fixedHeader = (littleEndian = true): Buffer => fixedRecord(allOnes, magic, [], littleEndian);
