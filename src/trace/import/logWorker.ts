/** Entry of a worker thread: parses a text of a log per message, and answers with what it found, or with the error's text. */
import { parentPort, workerData } from "node:worker_threads";
import { LogBlockParser, type LogText } from "./logBlockParser";
import { ImportMemory } from "./importMemory";
import type { LogReply, LogWorkerData } from "./logParsers";

const port = parentPort;
if (port === null) throw new Error("logWorker runs as a worker thread");
const { clock, shape } = workerData as LogWorkerData;
const parser = new LogBlockParser(ImportMemory.of(shape), clock);

port.on("message", (text: LogText) => {
  let reply: LogReply;
  try {
    reply = { part: parser.parse(text) };
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(reply);
});
