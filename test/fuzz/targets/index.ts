/** Every reader of bytes that others wrote. */
import { compressedTarget, formatsTarget, logTarget, simpletraceTarget } from "./imports";
import { elfTarget, kernelTarget } from "./images";
import { initramfsTarget } from "./initramfs";
import { recordingTarget } from "./recording";
import type { FuzzTarget } from "./fuzzTarget";

export const fuzzTargets: readonly FuzzTarget[] = [
  recordingTarget,
  logTarget,
  simpletraceTarget,
  compressedTarget,
  formatsTarget,
  elfTarget,
  kernelTarget,
  initramfsTarget,
];
