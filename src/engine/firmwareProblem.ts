import type { SymbolsSummary } from "../protocol/engine";
import { BootscopeError, toFailure, type Failure } from "../protocol/failure";
import type { FirmwareFile } from "../protocol/firmwareFile";

/** Why files that somebody gave for firmware name nothing; null when all of them do. Symbols that were asked for must not be missing silently. */
export function firmwareProblem(given: readonly FirmwareFile[], symbols: SymbolsSummary | null): Failure | null {
  const unused = given.map(({ path }) => path).filter((path) => !symbols?.files?.some((used) => used.path === path));
  if (unused.length === 0) return null;
  const files = unused.join(", ");
  if (symbols === null) {
    const message = `${files}: firmware is named beside a kernel's vmlinux, and there is none.`;
    return toFailure(new BootscopeError("no-symbols", message, "Choose the vmlinux too."));
  }
  const message = `${files} ${unused.length === 1 ? "does" : "do"} not name anything: no code that ran before the kernel or below it has these bytes.`;
  const advice =
    "Give the ELF file of the same build; where the trace has no bytes, say where it was loaded: FILE@ADDRESS.";
  return toFailure(new BootscopeError("wrong-symbols", message, advice));
}
