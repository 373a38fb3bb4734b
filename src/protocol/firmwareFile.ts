/** A file with the symbols of firmware, a boot loader or a decompressor, as people write it: `FILE` or `FILE@ADDRESS`. */
export interface FirmwareFile {
  readonly path: string;
  /** Where its first loaded byte was; null: where the recorded blocks have its bytes. */
  readonly address: bigint | null;
}

/** What follows the last `@` is the address when it is a hexadecimal number; else it is of the file's name. */
export function parseFirmwareFile(text: string): FirmwareFile {
  const found = /^(.+)@(?:0x)?([0-9a-f]{1,16})$/i.exec(text);
  return found === null ? { path: text, address: null } : { path: found[1], address: BigInt(`0x${found[2]}`) };
}
