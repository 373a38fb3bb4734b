/**
 * The suite that runs inside VS Code's extension host: on a desktop through @vscode/test-electron, elsewhere in VS Code's own
 * server. Both call `run`.
 */
import { appendFileSync, readdirSync } from "node:fs";
import path from "node:path";
import Mocha from "mocha";

/** One line of the report that the runner outside follows. */
type ReportLine =
  | { kind: "test"; state: "passed" | "failed" | "pending"; title: string; milliseconds: number; error: string | null }
  | { kind: "end"; passed: number; failed: number; pending: number; problem: string | null };

function report(line: ReportLine): void {
  const file = process.env["BOOTSCOPE_TEST_REPORT"];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(line)}\n`);
}

function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Runs every `*.test.js` beside this file. Rejects when a test failed or none was found. */
export async function run(): Promise<void> {
  process.setSourceMapsEnabled(true);
  const counts = { passed: 0, failed: 0, pending: 0 };
  try {
    const mocha = new Mocha({ ui: "bdd", timeout: 60_000, reporter: "spec", color: false });
    const filter = process.env["BOOTSCOPE_TEST_FILTER"] ?? "";
    const grep = process.env["BOOTSCOPE_TEST_GREP"];
    if (grep !== undefined && grep !== "") mocha.grep(new RegExp(grep));
    for (const name of readdirSync(__dirname).sort()) {
      if (name.endsWith(".test.js") && name.includes(filter)) mocha.addFile(path.join(__dirname, name));
    }
    await new Promise<void>((resolve) => {
      const runner = mocha.run(() => resolve());
      const finished = (
        test: Mocha.Test | Mocha.Hook,
        state: "passed" | "failed" | "pending",
        error: string | null,
      ) => {
        counts[state]++;
        report({ kind: "test", state, title: test.fullTitle(), milliseconds: test.duration ?? 0, error });
      };
      runner.on("pass", (test) => finished(test, "passed", null));
      runner.on("pending", (test) => finished(test, "pending", null));
      runner.on("fail", (test, error) => finished(test, "failed", describeError(error)));
    });
    report({ kind: "end", ...counts, problem: null });
  } catch (error) {
    report({ kind: "end", ...counts, problem: describeError(error) });
    throw error;
  }
  if (counts.failed > 0) throw new Error(`${counts.failed} tests failed.`);
  if (counts.passed === 0) throw new Error("No test was found.");
}
