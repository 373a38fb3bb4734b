/** The command line `bootscope`. */
import { Command } from "commander";
import { recordCommand } from "./record";

const program = new Command("bootscope")
  .description("Record what a QEMU guest executed and see the cost inside the kernel source.")
  .addCommand(recordCommand());

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});
