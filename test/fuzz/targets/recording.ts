import { closeSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { chunkHeadBytes, parseChunkHead, writeChunkHead } from "../../../src/trace/chunk";
import { crc32 } from "../../../src/trace/crc";
import { EventDecoder, parseEventsHead } from "../../../src/trace/events/eventDecoder";
import { importTrace } from "../../../src/trace/import/importTrace";
import { openTraceFile } from "../../../src/trace/reader";
import type { TraceFile } from "../../../src/trace/types";
import { chunkCounts } from "../../support/decodeTrace";
import type { FuzzTarget } from "./fuzzTarget";

/** Recordings: the container, and the stream of executions and the events in it. */
export const recordingTarget: FuzzTarget = {
  name: "recording",
  async seeds(fixtures, folder) {
    const events = path.join(folder, "events.log");
    const log = gunzipSync(readFileSync(path.join(fixtures, "events-devices.log.gz"))).toString("latin1");
    writeFileSync(events, log.split("\n").slice(0, 200).join("\n"), "latin1");
    await importTrace(events, `${events}.bst`, { traceEvents: path.join(fixtures, "events-devices.trace-events") });
    return [readFileSync(path.join(fixtures, "early-boot.bst")), readFileSync(`${events}.bst`)];
  },
  repair: reseal,
  run: async (file) => readEverything(await openTraceFile(file)),
};

/** Decodes all of a trace. */
export function readEverything(trace: TraceFile): void {
  for (const { outcome } of chunkCounts(trace)) {
    if (!(outcome.executions >= 0)) throw new Error(`A chunk has ${outcome.executions} executions.`);
  }
  for (let index = 0; index < Math.min(trace.switches.count, 1000); index++) trace.switches.comm(index);
  const file = openSync(trace.path, "r");
  try {
    for (const { offset, length } of trace.events) {
      const payload = new Uint8Array(length);
      readSync(file, payload, 0, length, offset);
      const head = parseEventsHead(payload);
      if (head === null) continue;
      const decoder = new EventDecoder(payload, head);
      while (decoder.next()) decoder.read();
    }
  } finally {
    closeSync(file);
  }
}

/** Gives every chunk the checksums of what is in it now. */
function reseal(bytes: Buffer): Buffer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = bytes.indexOf("BSTC"); at >= 0; at = bytes.indexOf("BSTC", at + 4)) {
    if (at + chunkHeadBytes > bytes.length) break;
    // The head's own checksum first: without it the chunk does not count as sealed.
    const end = at + chunkHeadBytes - 4;
    view.setUint32(end, crc32(bytes.subarray(at, end)), true);
    const head = parseChunkHead(view, at);
    if (head?.sealed !== true) continue;
    const payload = bytes.subarray(at + chunkHeadBytes, at + chunkHeadBytes + head.payloadLength);
    writeChunkHead(bytes, at, { ...head, crc: crc32(payload) });
  }
  return bytes;
}
