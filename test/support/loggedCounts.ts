import { ExecLog } from "./execLog";
import { readQemuLog } from "./recordings";

/**
 * Executions by address, as QEMU's `-d exec,nochain` has them from the start to the end of a run. Addresses are 64 bits in
 * hexadecimal without a prefix.
 */
export async function loggedCounts(qemu: string, args: readonly string[]): Promise<Map<string, number>> {
  const halves = new Map<number, Map<number, number>>();
  const log = new ExecLog({
    onBlock: (high, low) => {
      let column = halves.get(high);
      if (column === undefined) halves.set(high, (column = new Map<number, number>()));
      column.set(low, (column.get(low) ?? 0) + 1);
    },
  });
  await readQemuLog(qemu, [...args, "-d", "exec,nochain"], (bytes) => {
    log.add(bytes);
    return true;
  });
  log.finish();
  const hex = (half: number): string => half.toString(16).padStart(8, "0");
  return new Map(
    [...halves].flatMap(([high, column]) => [...column].map(([low, count]) => [hex(high) + hex(low), count])),
  );
}
