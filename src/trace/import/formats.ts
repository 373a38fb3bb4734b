/** Every foreign format, in the order in which they are asked: those with a magic number first, then text, the most telling first. */
import { bbvFormat } from "./plugins/bbv";
import { drcovFormat } from "./plugins/drcov";
import { execlogFormat } from "./plugins/execlog";
import { hotblocksFormat } from "./plugins/hotblocks";
import { uftraceFormat } from "./plugins/uftrace";
import { eventsLogFormat, qemuLogFormat } from "./qemuLog";
import { simpletraceFormat } from "./simpletrace";
import { cpuLogFormat } from "./text/cpuLog";
import { disassemblyLogFormat } from "./text/disassemblyLog";
import { carrierFormats } from "./text/eventCarriers";
import { functionTracerFormats } from "./text/functionTracer";
import { simpletraceTextFormat } from "./text/simpletraceText";
import { stageTextFormat } from "./text/stageText";
import { translationLogFormat } from "./text/translationLog";
import type { TraceFormat } from "./traceFormat";

export const traceFormats: readonly TraceFormat[] = [
  simpletraceFormat,
  drcovFormat,
  uftraceFormat,
  bbvFormat,
  simpletraceTextFormat,
  ...carrierFormats,
  qemuLogFormat,
  execlogFormat,
  hotblocksFormat,
  cpuLogFormat,
  disassemblyLogFormat,
  translationLogFormat,
  ...functionTracerFormats,
  stageTextFormat,
  eventsLogFormat,
];
