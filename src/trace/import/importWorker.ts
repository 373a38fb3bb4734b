/** Entry of a worker thread: parses a text per message, and answers with what it found, or with the error's text. */
import { parentPort, workerData } from "node:worker_threads";
import { ImportMemory } from "./importMemory";
import type { LogText } from "./logBlockParser";
import { logParser, type LogFilePart } from "./logFileReader";
import type { ImportWorkerData, ParserReply } from "./parserThreads";
import { RecordPieces, type FilePiece } from "./recordPieces";

const port = parentPort;
if (port === null) throw new Error("importWorker runs as a worker thread");
const parse = parserOf(workerData as ImportWorkerData);

port.on("message", (text: ImportText) => {
  let reply: ParserReply;
  try {
    reply = { part: parse(text) };
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(reply);
});

type ImportText = (LogText | LogFilePart) & FilePiece;

function parserOf(data: ImportWorkerData): (text: ImportText) => unknown {
  const memory = ImportMemory.of(data.shape);
  const parser = data.kind === "log" ? logParser(memory, data.clock) : new RecordPieces(memory);
  return (text) => parser.parse(text);
}
