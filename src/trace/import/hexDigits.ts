/** Hexadecimal digits as bytes. */

/** Value of the digit that a byte stands for, 16 for bytes that are none. */
export const digitOf = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = "0123456789abcdef".indexOf(String.fromCharCode(byte).toLowerCase());
  return digit < 0 ? 16 : digit;
});

/** Whether eight digits stand at `at`. */
export const areEightDigits = (bytes: Uint8Array, at: number): boolean =>
  (digitOf[bytes[at]] |
    digitOf[bytes[at + 1]] |
    digitOf[bytes[at + 2]] |
    digitOf[bytes[at + 3]] |
    digitOf[bytes[at + 4]] |
    digitOf[bytes[at + 5]] |
    digitOf[bytes[at + 6]] |
    digitOf[bytes[at + 7]]) <
  16;

/** Value, as a signed 32-bit integer, of the eight digits at `at`. */
export const eightDigits = (bytes: Uint8Array, at: number): number =>
  (digitOf[bytes[at]] << 28) |
  (digitOf[bytes[at + 1]] << 24) |
  (digitOf[bytes[at + 2]] << 20) |
  (digitOf[bytes[at + 3]] << 16) |
  (digitOf[bytes[at + 4]] << 12) |
  (digitOf[bytes[at + 5]] << 8) |
  (digitOf[bytes[at + 6]] << 4) |
  digitOf[bytes[at + 7]];
