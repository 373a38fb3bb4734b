/** Which firmware a guest has, as QEMU's command line tells it. */
import { Category } from "../protocol/engine";
import { region, type Region } from "./region";

export const unknownFirmware = region("firmware", Category.Firmware, "firmware: no symbols");
const seaBios = region("firmware SeaBIOS", Category.Firmware, "SeaBIOS, QEMU's firmware for PCs: no symbols");
const qboot = region("firmware qboot", Category.Firmware, "qboot, QEMU's firmware for microvm: no symbols");
const openSbi = region("firmware OpenSBI", Category.Firmware, "OpenSBI, QEMU's firmware for RISC-V: no symbols");
const bootCode = region("QEMU boot code", Category.Firmware, "QEMU's own code that starts a kernel without firmware");

export interface MachineFirmware {
  readonly region: Region;
  /** Chosen by whoever started QEMU: may be UEFI, which runs the kernel's EFI stub, and stays when the kernel runs. */
  readonly given: boolean;
}

/** Of a trace that does not tell whether it has any. */
export const firmwareOrProgram: MachineFirmware = {
  region: region(
    "firmware or program",
    Category.Unknown,
    "firmware or a program: the trace neither begins where a machine starts nor has code of a kernel",
  ),
  given: false,
};

/**
 * @param target QEMU's name of the guest's architecture
 * @param commandLine QEMU's; empty: unknown
 */
export function machineFirmware(target: string | undefined, commandLine: readonly string[]): MachineFirmware {
  const file = firmwareFile(commandLine);
  if (file !== null) return { region: givenFirmware(file), given: true };
  if (commandLine.length === 0 || valueOf(commandLine, "bios") === "none")
    return { region: unknownFirmware, given: false };
  const machine = valuesOf(commandLine, ["machine", "M"]).join(",");
  if (/(?:^|,)pflash\d=/.test(machine)) return { region: unknownFirmware, given: true };
  return { region: defaultFirmware(target, /(?:^|,|=)microvm/.test(machine)), given: false };
}

function givenFirmware(file: string): Region {
  const name = file.slice(file.lastIndexOf("/") + 1);
  const reason = `firmware ${name}, or what it started (a boot loader, the kernel's EFI stub): no symbols`;
  return region(`firmware ${name}`, Category.Firmware, reason);
}

function defaultFirmware(target: string | undefined, microvm: boolean): Region {
  switch (target) {
    case "x86_64":
    case "i386":
      return microvm ? qboot : seaBios;
    case "riscv64":
    case "riscv32":
      return openSbi;
    case "aarch64":
    case "arm":
      return bootCode;
    case undefined:
    default:
      return unknownFirmware;
  }
}

/** The file of `-bios`, `-pflash` or `-drive if=pflash`. */
function firmwareFile(commandLine: readonly string[]): string | null {
  const bios = valueOf(commandLine, "bios");
  if (bios !== undefined && bios !== "none" && bios !== "default") return bios;
  const drives = valuesOf(commandLine, ["drive"]).filter((drive) => drive.split(",").includes("if=pflash"));
  const flash = drives.map((drive) => /(?:^|,)file=([^,]*)/.exec(drive)?.[1]).find((file) => file !== undefined);
  return valueOf(commandLine, "pflash") ?? flash ?? null;
}

const valueOf = (commandLine: readonly string[], option: string): string | undefined =>
  valuesOf(commandLine, [option]).at(-1);

/** What follows an option, which may begin with one or two dashes. */
function valuesOf(commandLine: readonly string[], options: readonly string[]): string[] {
  return commandLine.filter((_, index) => {
    const before = commandLine.at(index - 1);
    return (
      index > 0 && before !== undefined && options.some((option) => before === `-${option}` || before === `--${option}`)
    );
  });
}
