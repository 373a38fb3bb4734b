import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { assemblyForVite } from "./scripts/assembly.mjs";

export default defineConfig({
  plugins: [assemblyForVite],
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: availableParallelism(),
        },
      },
      // Oracles compare with independent tools and the real kernel: slow, and large in memory. Most wait for one QEMU or one tool.
      {
        extends: true,
        test: {
          name: "oracle",
          include: ["test/oracle/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      // Long proofs, run by hand (docs/recorder.md): not part of `npm test`.
      {
        extends: true,
        test: { name: "proofs", include: ["test/proofs/**/*.test.ts"], hookTimeout: 600_000, fileParallelism: false },
      },
      // A person's clicks in a browser, on the packaged extension.
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
