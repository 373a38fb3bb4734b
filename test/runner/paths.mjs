// Where the test runner finds and leaves things.
import path from "node:path";

export const root = path.resolve(import.meta.dirname, "../..");
/** Reports, logs and screenshots of the last run. */
export const resultsFolder = path.join(root, "test/results");
/** The in-host suite as JavaScript. */
export const suiteFolder = path.join(root, "dist-test/integration");
