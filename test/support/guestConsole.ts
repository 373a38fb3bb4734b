/** What the guest of scripts/environment/moduleBoot.mjs says of itself on its console. */
export interface GuestConsole {
  /** Name and address of each module, as /proc/modules had them; also those that were unloaded. */
  readonly modules: readonly (readonly [string, string])[];
  /** How each program was built, and where a function of it was. */
  readonly programs: readonly (readonly [string, string])[];
  /** Of `_text`, by /proc/kallsyms. */
  readonly text: bigint;
  /** Where the kernel's code begins, by /proc/iomem. */
  readonly physical: bigint;
}

/** Throws when the guest did not come to its end. */
export function readGuestConsole(text: string): GuestConsole {
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, first, second]) => [first, second] as const);
  const kernel = all(/^KERNEL ([0-9a-f]{16}) T _text\s+([0-9a-f]+)-[0-9a-f]+ : Kernel code/gm);
  if (kernel.length !== 1) throw new Error(`the guest did not say where its kernel is:\n${text.slice(-2000)}`);
  return {
    modules: all(/(?:^|REPLACED )(\w+) \d+ \d+ \S+ Live 0x([0-9a-f]{16})/gm),
    programs: all(/^WORKER (\S+) 0x([0-9a-f]+) /gm),
    text: BigInt(`0x${kernel[0][0]}`),
    physical: BigInt(`0x${kernel[0][1]}`),
  };
}
