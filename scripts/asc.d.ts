/**
 * What scripts/assembly.mjs uses of AssemblyScript's compiler. The compiler's own types declare AssemblyScript's globals, where
 * `[].at(-1)` is never undefined; they would hold for everything that imports that script.
 */
export function main(
  args: readonly string[],
  host: { writeFile(name: string, contents: Uint8Array): void },
): Promise<{ readonly error: Error | null; readonly stderr: { toString(): string } }>;
