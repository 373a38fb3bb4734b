/** The settings that Trace Boot obeys, with their paths made absolute. */
import { setting, settingPath, type SettingName } from "../settings";
import type { Preset } from "../../qemu/commandLine";

export interface BootSettings {
  readonly qemu: string | undefined;
  readonly extraArguments: readonly string[];
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly append: string | undefined;
  readonly memory: string | undefined;
  readonly preset: Preset;
  readonly outputFolder: string | undefined;
  readonly vmlinux: string | undefined;
  readonly eventList: string | undefined;
}

export function readBootSettings(): BootSettings {
  return {
    qemu: program(setting("qemu.path")),
    extraArguments: setting("qemu.extraArguments"),
    kernel: file("traceBoot.kernel"),
    initrd: file("traceBoot.initrd"),
    append: setting("traceBoot.append").trim() || undefined,
    memory: setting("traceBoot.memory").trim() || undefined,
    preset: setting("traceBoot.preset"),
    outputFolder: file("traceBoot.outputFolder"),
    vmlinux: file("symbols.vmlinux"),
    eventList: file("traceEvents.file"),
  };
}

type PathSetting =
  Extract<SettingName, `traceBoot.${"kernel" | "initrd" | "outputFolder"}`> | "symbols.vmlinux" | "traceEvents.file";

function file(name: PathSetting): string | undefined {
  const text = setting(name).trim();
  return text === "" ? undefined : settingPath(text);
}

/** A bare name such as `qemu-system-aarch64` is looked up on the PATH; anything else is a path. */
function program(text: string): string | undefined {
  const name = text.trim();
  if (name === "") return undefined;
  return name.includes("/") ? settingPath(name) : name;
}
