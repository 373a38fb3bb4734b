import { defineConfig } from "vitest/config";
import { assemblyForVite } from "./scripts/assembly.mjs";

export default defineConfig({
  plugins: [assemblyForVite],
  test: {
    projects: [
      { extends: true, test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 20_000 } },
      // Oracles compare with independent tools and the real kernel: slow, one file at a time.
      {
        extends: true,
        test: {
          name: "oracle",
          include: ["test/oracle/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
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
