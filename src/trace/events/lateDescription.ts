/** Gives arguments to events that were recorded without a description, once one is there. */
import { ArgumentKind, type EventDescriptor, type EventValue } from "./eventDescriptor";

const wordBytes = 8;
const lengthBytes = 4;

/** The arguments in a record's bytes (little-endian, as simple traces have them), or null when they do not fit the description. */
export function describedValues(bytes: Uint8Array, descriptor: EventDescriptor): EventValue[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: EventValue[] = [];
  let at = 0;
  for (const { kind } of descriptor.arguments) {
    if (at + (kind === ArgumentKind.Text ? lengthBytes : wordBytes) > bytes.length) return null;
    if (kind === ArgumentKind.Text) {
      const end = at + lengthBytes + view.getUint32(at, true);
      if (end > bytes.length) return null;
      values.push(bytes.subarray(at + lengthBytes, end));
      at = end;
    } else {
      values.push(kind === ArgumentKind.Signed ? view.getBigInt64(at, true) : view.getBigUint64(at, true));
      at += wordBytes;
    }
  }
  return at === bytes.length ? values : null;
}
