/** Where the guest's task_struct has what the recorder reads of it. */
import { ElfFile } from "../symbols/elf/elfFile";
import { structMemberOffsets } from "../symbols/btf";
import type { TaskLayout } from "./commandLine";

const fields = ["pid", "tgid", "comm"] as const;

/**
 * The layout from the type information of a vmlinux; empty when it has none. The recorder then finds only the tasks' names.
 * @throws BootscopeError when the file cannot be read as ELF, or its type information is damaged
 */
export async function readTaskLayout(vmlinux: string): Promise<TaskLayout> {
  const elf = await ElfFile.open(vmlinux);
  try {
    const btf = await elf.cursor(".BTF");
    const offsets = btf && structMemberOffsets(btf, "task_struct", fields);
    return Object.fromEntries(offsets ?? []);
  } finally {
    await elf.close();
  }
}
