/**
 * The language of the filter box. Terms are separated by blanks, and all of them must hold:
 *
 *     word        the name, or a raw name of what ran of it, contains it (in any case)
 *     -word       the name does not contain it
 *     file:text   the source path contains it
 *     dir:path    the source file is in this folder or below it
 *     module:text the name of the module or program that the code is of contains it
 *     >1%  <5%    the share of the chosen metric
 */

export interface FilteredRow {
  readonly name: string;
  /** Names in the symbol table of its pieces and copies. */
  readonly rawNames: readonly string[];
  /** Source path, or null. */
  readonly file: string | null;
  /** Module or program, or null. */
  readonly module: string | null;
  /** 0 to 1. */
  readonly share: number;
}

export type Filter = (row: FilteredRow) => boolean;

const shareTerm = /^([<>])(\d+(?:\.\d*)?|\.\d+)%?$/;

/** Never fails: what is no known form is a word. A prefix without a value holds for every row, so that typing it hides nothing. */
export function parseFilter(text: string): Filter {
  const terms = text.split(/\s+/).filter((term) => term !== "");
  const filters = terms.map((term) => parseTerm(term.toLowerCase()));
  return (row) => filters.every((filter) => filter(row));
}

function parseTerm(term: string): Filter {
  const share = shareTerm.exec(term);
  if (share !== null) {
    const bound = Number(share[2]) / 100;
    return share[1] === ">" ? (row) => row.share > bound : (row) => row.share < bound;
  }
  if (term.startsWith("file:")) {
    const part = term.slice(5);
    return part === "" ? everything : ({ file }) => file?.toLowerCase().includes(part) === true;
  }
  if (term.startsWith("dir:")) return inFolder(term.slice(4).replace(/^\.?\/+|\/+$/g, ""));
  if (term.startsWith("module:")) return ofModule(term.slice(7));
  if (term.startsWith("-") && term.length > 1) {
    const part = term.slice(1);
    return ({ name }) => !name.toLowerCase().includes(part);
  }
  if (term === "-") return everything;
  return ({ name, rawNames }) => [name, ...rawNames].some((one) => one.toLowerCase().includes(term));
}

const everything: Filter = () => true;

/** The folder may be given from any of its parents on: `dir:lib/mpi` finds debian/build/…/lib/mpi/mpi-pow.c. */
function inFolder(folder: string): Filter {
  if (folder === "") return everything;
  return ({ file }) => file !== null && `/${file.toLowerCase()}`.includes(`/${folder}/`);
}

/** By a part of the name, in which "-" and "_" are the same, as modprobe has it. */
function ofModule(part: string): Filter {
  if (part === "") return everything;
  const normal = (text: string): string => text.toLowerCase().replaceAll("-", "_");
  return ({ module }) => module !== null && normal(module).includes(normal(part));
}
