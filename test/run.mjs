// `npm test`: everything that proves Bootscope, from a fresh clone. `npm test -- --help` tells the options.
import { ensureDependencies } from "../scripts/environment/dependencies.mjs";
import { fail } from "../scripts/environment/steps.mjs";

try {
  await ensureDependencies();
  // Loaded only now, because it needs what has just been installed.
  const { main } = await import("./runner/main.mjs");
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  fail(error);
}
