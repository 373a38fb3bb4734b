/** Every foreign format, in the order in which they are asked: those with a magic number first, then text. */
import { qemuLogFormat } from "./qemuLog";
import { simpletraceFormat } from "./simpletrace";
import type { TraceFormat } from "./traceFormat";

export const traceFormats: readonly TraceFormat[] = [simpletraceFormat, qemuLogFormat];
