/** What guest a log of `-d exec` is of, as far as its first lines tell. */
import { DisassembledTarget } from "./text/disassembledTarget";

/** Of a log's guest. */
export interface LogGuest {
  /** Known from the log's disassembly, if it has any; what later lines tell is added. */
  readonly disassembled: DisassembledTarget;
  /** False: a program ran alone; undefined: nothing tells. */
  readonly systemEmulation: boolean | undefined;
}

const firstTrace =
  /^(?:\S{1,40} )?(?:Trace|Chain) \d{1,4}: \S{1,18} \[[0-9a-f]{8,16}\/([0-9a-f]{8,16})\/[0-9a-fx]{1,18}\/([0-9a-f]{2})[0-9a-f]{6}\]/m;
/** Where machines begin that have clusters of processors (SiFive's and Xilinx's). */
const resetVectors: ReadonlySet<bigint> = new Set([0n, 0x1000n, 0x1004n]);

/** @param text the beginning of a log */
export function guestOfLog(text: string): LogGuest {
  return { disassembled: DisassembledTarget.of(text), systemEmulation: emulationOf(text) };
}

/**
 * The flags of a block hold the cluster of its processor from QEMU 6.1 on (CF_CLUSTER_MASK): 0xff in a machine that has no clusters,
 * 0 where there is no machine, or in the first cluster of a few boards.
 */
function emulationOf(text: string): boolean | undefined {
  const found = firstTrace.exec(text);
  if (found === null) return undefined;
  const [, address, cluster] = found;
  if (cluster !== "00") return true;
  return resetVectors.has(BigInt(`0x${address}`)) ? undefined : false;
}
