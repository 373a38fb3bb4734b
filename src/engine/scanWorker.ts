/** Entry of a worker thread: scans one chunk per message and sends back its columns (transferred) or the error's text. */
import { parentPort } from "node:worker_threads";
import { scanTaskRunner, type ScanTask } from "./scanTask";
import type { ScanReply } from "./scanPool";

const port = parentPort;
if (port === null) throw new Error("scanWorker runs as a worker thread");
const run = scanTaskRunner();

port.on("message", (task: ScanTask) => {
  let reply: ScanReply;
  try {
    reply = { result: run(task) };
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) };
  }
  if ("error" in reply) {
    port.postMessage(reply);
    return;
  }
  const { columns, firstBlock, firstTime } = reply.result;
  port.postMessage(reply, [
    columns.bucket.buffer as ArrayBuffer,
    columns.start.buffer as ArrayBuffer,
    columns.block.buffer as ArrayBuffer,
    columns.executions.buffer as ArrayBuffer,
    columns.time.buffer as ArrayBuffer,
    firstBlock.buffer as ArrayBuffer,
    firstTime.buffer as ArrayBuffer,
  ]);
});
