// Follows the report that the in-host suite writes line by line, and prints it for people.
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const marks = { passed: "✓", failed: "✗", pending: "-" };

function print(line) {
  if (line.kind !== "test") return;
  console.log(` ${marks[line.state]} ${line.title} (${line.milliseconds} ms)`);
  if (line.error !== null) console.log(`     ${line.error.replaceAll("\n", "\n     ")}`);
}

/** Reads the lines that were added to a file since the last call. */
function lineReader(file) {
  const buffer = Buffer.alloc(64 * 1024);
  let position = 0;
  let rest = "";
  return () => {
    if (!existsSync(file)) return [];
    const descriptor = openSync(file, "r");
    try {
      for (;;) {
        const length = readSync(descriptor, buffer, 0, buffer.length, position);
        if (length === 0) break;
        position += length;
        rest += buffer.toString("utf8", 0, length);
      }
    } finally {
      closeSync(descriptor);
    }
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    return lines.map((text) => JSON.parse(text));
  };
}

/**
 * Prints the report as it grows.
 *
 * @param {string} file
 * @param {number} timeout Milliseconds for the whole suite.
 * @param {() => string | null} problem Says why the suite cannot end any more, as soon as that is known.
 * @returns {Promise<import("./main.mjs").Counts>}
 */
export async function followReport(file, timeout, problem) {
  const end = Date.now() + timeout;
  const next = lineReader(file);
  for (;;) {
    // Asked before reading: what was reported before it became true still counts.
    const reason = problem();
    for (const line of next()) {
      print(line);
      if (line.kind !== "end") continue;
      if (line.problem !== null) throw new Error(`the suite broke: ${line.problem}`);
      return { passed: line.passed, failed: line.failed };
    }
    if (reason !== null) throw new Error(reason);
    if (Date.now() > end) throw new Error(`VS Code did not report the end of the suite within ${timeout / 1000} s.`);
    await sleep(100);
  }
}
