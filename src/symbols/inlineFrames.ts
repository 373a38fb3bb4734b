import type { InlinePlace, InlineTable } from "./dwarf/inlineTable";
import { noFile } from "./dwarf/lineFiles";
import type { SearchableFunctions } from "./functionTable";
import type { InlineFrames, LineTable } from "./types";

/**
 * The chain of calls that the compiler inlined, for each address: a frame's line is that of the address for the innermost one,
 * and of the call of the frame before it for the others, as `addr2line -i` shows them.
 *
 * An address outside of the debug information has one frame with the name of the symbol table, or without a name.
 */
export async function inlineFramesMany(
  addresses: BigUint64Array,
  inlines: InlineTable,
  lines: LineTable,
  functions: SearchableFunctions,
  signal?: AbortSignal,
): Promise<InlineFrames> {
  const places = await inlines.find(addresses, signal);
  const own = lines.lookupMany(addresses);
  const symbols = functions.lookupMany(addresses);
  const first = new Uint32Array(addresses.length + 1);
  places.forEach((place, index) => (first[index + 1] = first[index] + depthOf(place)));
  const total = first[addresses.length];
  const frames = { name: new Int32Array(total), file: new Int32Array(total), line: new Uint32Array(total) };
  places.forEach((place, index) => {
    let at = first[index];
    frames.file[at] = own.file[index];
    frames.line[at] = own.line[index];
    for (
      let instance = place?.instance ?? -1;
      place !== null && instance >= 0;
      instance = place.tree.parent[instance]
    ) {
      frames.name[at++] = place.tree.callee[instance];
      const file = place.tree.callFile[instance];
      frames.file[at] = file === noFile ? -1 : file;
      frames.line[at] = place.tree.callLine[instance];
    }
    const symbol = symbols[index] < 0 ? -1 : inlines.names.ofSymbol(functions.name(symbols[index]));
    frames.name[at] = place === null || place.tree.function < 0 ? symbol : place.tree.function;
  });
  const { summary: problem } = inlines.problems;
  return {
    first,
    ...frames,
    names: inlines.names.list,
    declarations: inlines.names.declarations,
    files: inlines.files.paths,
    problem,
  };
}

function depthOf(place: InlinePlace | null): number {
  let depth = 1;
  for (let instance = place?.instance ?? -1; place !== null && instance >= 0; instance = place.tree.parent[instance])
    depth++;
  return depth;
}
