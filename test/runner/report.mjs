// Follows the report that the in-host suite writes line by line, and prints it for people.
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const marks = { passed: "✓", failed: "✗", pending: "-" };

function print(line) {
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
  const counts = { passed: 0, failed: 0, pending: 0 };
  // What has been reported counts, also when the suite never ends.
  const broken = (reason) => {
    console.error(`\nThe suite did not end: ${reason}`);
    return { passed: counts.passed, failed: counts.failed + 1 };
  };
  for (;;) {
    // Asked before reading: what was reported before it became true still counts.
    const reason = problem();
    for (const line of next()) {
      if (line.kind === "end") return line.problem === null ? counts : broken(line.problem);
      counts[line.state]++;
      print(line);
    }
    if (reason !== null) return broken(reason);
    if (Date.now() > end) return broken(`VS Code reported no end within ${timeout / 1000} s.`);
    await sleep(100);
  }
}
