#!/usr/bin/env node
/** The command line `bootscope`. Exit codes: 0 ok, 1 a defect, 2 bad input, 3 recording failed, 130 interrupted. */
import { Command, CommanderError } from "commander";
import { analyzeCommand } from "./analyze";
import { eventsCommand } from "./events";
import { fail } from "./failures";
import { functionsCommand } from "./functions";
import { importCommand } from "./import";
import { infoCommand } from "./info";
import { linesCommand } from "./lines";
import { phasesCommand } from "./phases";
import { recordCommand } from "./record";
import { symbolizeCommand } from "./symbolize";

const badUsage = 2;

const program = new Command("bootscope")
  .description("Record what a QEMU guest executed and see the cost inside the kernel source.")
  .addHelpText(
    "after",
    `
Every command has --help, and all but analyze --json for machines: times are whole nanoseconds since the start of the recording.
Results are kept in $XDG_CACHE_HOME/bootscope (~/.cache/bootscope), which may be deleted at any time.

  bootscope record --kernel arch/x86/boot/bzImage --vmlinux vmlinux -o boot.bst
  bootscope functions boot.bst --vmlinux vmlinux --limit 20

Exit codes: 0 ok, 2 bad input, 3 recording failed.`,
  );
const commands = [
  recordCommand(),
  infoCommand(),
  functionsCommand(),
  linesCommand(),
  phasesCommand(),
  eventsCommand(),
  analyzeCommand(),
  importCommand(),
  symbolizeCommand(),
];
for (const command of commands) program.addCommand(command.exitOverride());
program.exitOverride();

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : badUsage;
  else fail(error);
});
