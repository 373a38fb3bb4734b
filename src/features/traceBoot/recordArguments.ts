/** What to boot and how, and the command line of `bootscope record` that does it. */
import type { Preset } from "../../qemu/commandLine";

/** One recording, with every decision taken. Paths are absolute; undefined leaves the choice to the recorder. */
export interface BootPlan {
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly append: string | undefined;
  readonly memory: string | undefined;
  readonly preset: Preset;
  /** The vmlinux that belongs to the kernel: it tells the recorder where a task keeps its pid and name. */
  readonly vmlinux: string | undefined;
  readonly qemu: string | undefined;
  /** Arguments for QEMU itself, after Bootscope's own. */
  readonly extraArguments: readonly string[];
  /** List of QEMU's own trace events to log during the boot. */
  readonly eventList: string | undefined;
  /** The folder that the recording gets a new file in. */
  readonly outputFolder: string;
  /** Where `bootscope record` says what it does and how it ended. */
  readonly report: string;
}

/** The arguments of `bootscope` for a plan: `record --kernel=… --output=FOLDER/ [-- extra QEMU arguments]`. */
export function recordArguments(plan: BootPlan): string[] {
  const options: [string, string | undefined][] = [
    ["--kernel", plan.kernel],
    ["--initrd", plan.initrd],
    ["--append", plan.append],
    ["--memory", plan.memory],
    ["--preset", plan.preset],
    ["--vmlinux", plan.vmlinux],
    ["--qemu", plan.qemu],
    ["--events", plan.eventList],
    ["--report", plan.report],
    ["--output", `${plan.outputFolder.replace(/\/+$/, "")}/`],
  ];
  // "--option=value", so that a value that begins with a dash is still a value.
  const given = options.flatMap(([option, value]) => (value === undefined ? [] : [`${option}=${value}`]));
  return ["record", ...given, ...(plan.extraArguments.length > 0 ? ["--", ...plan.extraArguments] : [])];
}
