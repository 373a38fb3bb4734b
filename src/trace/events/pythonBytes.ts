/** How Python prints `bytes`, which is how QEMU's simpletrace.py prints texts: `b'virtio\\xff'`. */
const escapes: ReadonlyMap<number, string> = new Map([
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0d, "\\r"],
  [0x5c, "\\\\"],
]);

export function pythonBytes(bytes: Uint8Array): string {
  const quote = bytes.includes(0x27) && !bytes.includes(0x22) ? '"' : "'";
  let text = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (character === quote) text += `\\${quote}`;
    else if (byte >= 0x20 && byte < 0x7f && byte !== 0x5c) text += character;
    else text += escapes.get(byte) ?? `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `b${quote}${text}${quote}`;
}

const controls: ReadonlyMap<string, number> = new Map([
  ["t", 0x09],
  ["n", 0x0a],
  ["r", 0x0d],
]);

/**
 * Undoes the escapes of a quoted text, as Python and babeltrace write them.
 * @param quoted what is between the quotes, a character per byte
 */
export function unescapedBytes(quoted: string): Uint8Array {
  const bytes: number[] = [];
  for (const [, hex, escaped, plain] of quoted.matchAll(/\\x([0-9a-fA-F]{2})|\\([^])|([^])/g) as Iterable<
    (string | undefined)[]
  >) {
    if (hex !== undefined) bytes.push(parseInt(hex, 16));
    else if (escaped !== undefined) bytes.push(controls.get(escaped) ?? escaped.charCodeAt(0));
    else bytes.push((plain ?? "").charCodeAt(0));
  }
  return Uint8Array.from(bytes);
}
