/** Hexadecimal digits as bytes. */

/** Value of the digit that a byte stands for, 16 for bytes that are none. */
export const digitOf = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = "0123456789abcdef".indexOf(String.fromCharCode(byte).toLowerCase());
  return digit < 0 ? 16 : digit;
});
