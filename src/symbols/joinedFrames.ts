import type { MemberAddresses } from "./joinedLines";
import type { FunctionIndex, ImageSymbols, InlineFrames } from "./types";

/**
 * The frames of all members in the order of the question; where a member has none, the function of its symbols.
 * @param found by member; null: none of its addresses has frames
 * @param image all members as one, of which the functions are
 * @param suffixes by member, what is written behind the names of its functions
 */
export function joinFrames(
  addresses: BigUint64Array,
  parts: readonly MemberAddresses[],
  found: readonly (InlineFrames | null)[],
  image: Pick<ImageSymbols, "functions" | "lookupMany">,
  suffixes: readonly string[],
): InlineFrames {
  const frames: { name: number; file: number; line: number }[][] = Array.from(addresses, () => []);
  const names: string[] = [];
  const files: string[] = [];
  const declarations: { file: number[]; line: number[] } = { file: [], line: [] };
  const functions = image.lookupMany(addresses);
  parts.forEach(({ at }, member) => {
    const own = found[member];
    const [nameOffset, fileOffset] = [names.length, files.length];
    for (const [index, name] of (own?.names ?? []).entries()) {
      const { file, line } = own?.declarations ?? { file: [], line: [] };
      names.push(name + suffixes[member]);
      declarations.file.push((file.at(index) ?? -1) < 0 ? -1 : file[index] + fileOffset);
      declarations.line.push(line.at(index) ?? 0);
    }
    for (const file of own?.files ?? []) files.push(file);
    at.forEach((position, i) => {
      for (let frame = own?.first[i] ?? 0; own !== null && frame < own.first[i + 1]; frame++) {
        frames[position].push({
          name: own.name[frame] < 0 ? -1 : own.name[frame] + nameOffset,
          file: own.file[frame] < 0 ? -1 : own.file[frame] + fileOffset,
          line: own.line[frame],
        });
      }
      if (frames[position].length > 0) return;
      const index = functions[position];
      const name = index < 0 ? -1 : names.push(image.functions.name(index as FunctionIndex)) - 1;
      if (name >= 0) {
        declarations.file.push(-1);
        declarations.line.push(0);
      }
      frames[position].push({ name, file: -1, line: 0 });
    });
  });
  const first = new Uint32Array(addresses.length + 1);
  frames.forEach((chain, index) => (first[index + 1] = first[index] + chain.length));
  const flat = frames.flat();
  return {
    first,
    name: Int32Array.from(flat, ({ name }) => name),
    file: Int32Array.from(flat, ({ file }) => file),
    line: Uint32Array.from(flat, ({ line }) => line),
    names,
    declarations,
    files,
    problem: found.find((one) => one !== null && one.problem !== null)?.problem ?? null,
  };
}
