/** Options that several commands have. */
import path from "node:path";
import { Command, Option } from "commander";
import { debuginfodServers, serversOfEnvironment, type DebugSources } from "../protocol/debugSources";
import { parseFirmwareFile, type FirmwareFile } from "../protocol/firmwareFile";

export interface TraceFlags extends DebugFlags {
  readonly vmlinux?: string;
  readonly root?: readonly string[];
  readonly symbols?: readonly FirmwareFile[];
  readonly modules?: string;
  readonly force?: boolean;
}

export interface DebugFlags {
  readonly debugFolder?: readonly string[];
  readonly debuginfod?: readonly string[];
}

/** Collects the values of an option that may be repeated. */
export const repeated = (value: string, others: readonly string[] | undefined): string[] => [...(others ?? []), value];

/** For debug information that was split off. */
export const debugFolderOption = (): Option =>
  new Option(
    "--debug-folder <folder>",
    "a folder with split-off debug information, laid out as /usr/lib/debug (may be repeated)",
  ).argParser(repeated);

export const debuginfodOption = (): Option =>
  new Option(
    "--debuginfod <url>",
    `a server to ask for debug information by build-id, or the word ${serversOfEnvironment} for those of that environment variable (may be repeated)`,
  ).argParser(repeated);

/** What `--debug-folder` and `--debuginfod` say. Throws "unsupported" for what is not the URL of a server. */
export const debugSources = ({ debugFolder = [], debuginfod = [] }: DebugFlags): DebugSources => ({
  folders: debugFolder.map((folder) => path.resolve(folder)),
  servers: debuginfodServers(debuginfod, process.env[serversOfEnvironment]),
});

/** For modules and programs that are not found without being told. */
const rootOption = (): Option =>
  new Option(
    "--root <path>",
    "a folder with the guest's programs and modules, or one such file (may be repeated)",
  ).argParser(repeated);

/** For traces that have no bytes to find modules by. */
const modulesOption = (): Option =>
  new Option(
    "--modules <file>",
    "the guest's /proc/modules, or a console's text with it, for traces without code bytes",
  );

/** For what runs before the kernel or below it. */
const symbolsOption = (): Option =>
  new Option(
    "--symbols <file[@address]>",
    "an ELF file of firmware, a boot loader or a decompressor, and where it was loaded (may be repeated)",
  ).argParser((text: string, others: readonly FirmwareFile[] | undefined) => [
    ...(others ?? []),
    parseFirmwareFile(text),
  ]);

/**
 * A command that reads one trace, with the options that name its addresses.
 * @param vmlinux what a vmlinux is to it
 */
export const traceCommand = (name: string, vmlinux: string): Command =>
  new Command(name)
    .argument("<trace>", "a .bst file, or any trace that can be imported; - for the standard input")
    .option("--vmlinux <file>", vmlinux)
    .addOption(rootOption())
    .addOption(symbolsOption())
    .addOption(modulesOption())
    .addOption(debugFolderOption())
    .addOption(debuginfodOption())
    .option("--force", "use the vmlinux even if it does not belong to the trace");

/** What helps to name arguments of events. */
export const traceEventsOption = (): Option =>
  new Option(
    "--trace-events <file>",
    "the trace-events-all of the QEMU that wrote the trace, which names arguments of events",
  );
