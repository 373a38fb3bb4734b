import { noFile } from "./dwarf/lineFiles";
import type { SearchableFunctions } from "./functionTable";
import type { Inlines } from "./inlines";
import type { InlineFrames, LineTable } from "./types";

/**
 * The chain of calls that the compiler inlined, for each address: a frame's line is that of the address for the innermost one,
 * and of the call of the frame before it for the others, as `addr2line -i` shows them.
 *
 * An address outside of the debug information has one frame with the name of the symbol table, or without a name. Null when
 * there is no debug information.
 */
export async function inlineFramesMany(
  addresses: BigUint64Array,
  inlines: Inlines,
  lines: LineTable,
  functions: SearchableFunctions,
  signal?: AbortSignal,
): Promise<InlineFrames | null> {
  const innermost = await inlines.find(addresses, signal);
  if (innermost === null) return null;
  const { parent, callee, callFile, callLine } = inlines.columns;
  const own = lines.lookupMany(addresses);
  const symbols = functions.lookupMany(addresses);
  // Calls and lines number their files each for themselves; the answer numbers those of calls behind those of lines.
  const firstCallFile = lines.files.length;
  const first = new Uint32Array(addresses.length + 1);
  innermost.forEach((frame, index) => {
    let depth = 1;
    for (let at = frame; at >= 0 && parent[at] >= 0; at = parent[at]) depth++;
    first[index + 1] = first[index] + depth;
  });
  const total = first[addresses.length];
  const frames = { name: new Int32Array(total), file: new Int32Array(total), line: new Uint32Array(total) };
  innermost.forEach((frame, index) => {
    let at = first[index];
    frames.file[at] = own.file[index];
    frames.line[at] = own.line[index];
    let root = frame;
    for (; root >= 0 && parent[root] >= 0; root = parent[root]) {
      frames.name[at++] = callee[root];
      frames.file[at] = callFile[root] === noFile ? -1 : firstCallFile + callFile[root];
      frames.line[at] = callLine[root];
    }
    if (root >= 0 && callee[root] >= 0) frames.name[at] = callee[root];
    else frames.name[at] = symbols[index] < 0 ? -1 : inlines.names.ofSymbol(functions.name(symbols[index]));
  });
  const { list: names, declarations } = inlines.names;
  return {
    first,
    ...frames,
    names,
    declarations: {
      file: declarations.file.map((file) => (file < 0 ? -1 : firstCallFile + file)),
      line: declarations.line,
    },
    files: [...lines.files, ...inlines.files.paths],
    problem: inlines.problem,
  };
}
