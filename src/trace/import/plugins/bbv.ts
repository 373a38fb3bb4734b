/**
 * Basic block vectors of QEMU's contrib plugin bbv (9.2 and newer), in SimPoint's form: a line per interval, `T:14:3 :1:36 …`, with how
 * many instructions each block executed. Blocks have numbers, in the order of their translation; no file says where they are.
 */
import { BootscopeError } from "../../../protocol/failure";
import type { TraceFormat } from "../traceFormat";

export const bbvFormat: TraceFormat = {
  name: "bbv",
  recognize: ({ text }) => (/^T:\d{1,10}:\d{1,20} (?:[:\n]|$)/.test(text) ? refuse : null),
};

const refuse = (): Promise<never> =>
  Promise.reject(
    new BootscopeError(
      "unsupported",
      "This is a file of basic block vectors: it numbers blocks, and neither it nor another file of the plugin says at which addresses they are.",
      "Give QEMU the plugin hotblocks beside bbv for the hottest blocks with addresses, or record with Trace Boot, which has the executions of every block over time.",
    ),
  );
