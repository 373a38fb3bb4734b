/** Basic block vectors of QEMU's contrib plugin bbv (9.2 and newer), in SimPoint's form: `T:1:36 :2:1024 …`, a line per interval. */
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
      "This is a file of basic block vectors: it numbers blocks and does not say at which addresses they are.",
      "Use QEMU's plugin hotblocks or execlog, or record with Trace Boot.",
    ),
  );
