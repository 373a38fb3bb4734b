import path from "node:path";
import type { FileName, LineHeader } from "./lineHeader";
import type { StringReader } from "./strings";

/** No file: an end of a sequence, or a file number that its unit does not have. */
export const noFile = 0xffffffff;

/** The distinct source paths of an image, numbered as they are met. */
export class FileTable {
  readonly paths: string[];
  private readonly byPath: Map<string, number>;
  private readonly byDirectory = new Map<string, Map<string, number>>();

  /** @param known paths that keep their numbers */
  constructor(known: readonly string[] = []) {
    this.paths = [...known];
    this.byPath = new Map(known.map((path, index) => [path, index]));
  }

  /** Number of the file `name` in `directory` ("" for none). The path has no `./`, no `//` and, where it can, no `..`. */
  add(directory: string, name: string): number {
    let files = this.byDirectory.get(directory);
    if (files === undefined) this.byDirectory.set(directory, (files = new Map<string, number>()));
    let index = files.get(name);
    if (index === undefined) files.set(name, (index = this.addPath(join(directory, name))));
    return index;
  }

  private addPath(joined: string): number {
    const normal = path.posix.normalize(joined);
    let index = this.byPath.get(normal);
    if (index === undefined) {
      index = this.paths.push(normal) - 1;
      this.byPath.set(normal, index);
    }
    return index;
  }
}

/**
 * The file numbers of one unit as numbers of the image's file table, resolved when a row first uses them.
 *
 * A path is the file's name; before it, unless that is absolute, its directory; before that, unless it is absolute, the
 * compilation directory: entry 0 of version 5, DW_AT_comp_dir before (DWARF 5, 6.2.4).
 */
export class UnitFiles {
  private readonly resolved: number[] = [];
  private readonly firstNumber: number;

  constructor(
    private readonly header: LineHeader,
    private readonly strings: StringReader,
    private readonly table: FileTable,
    private readonly compilationDirectory: string | null,
  ) {
    this.firstNumber = header.version >= 5 ? 0 : 1;
  }

  /** DW_LNE_define_file. */
  define(file: FileName): void {
    this.header.fileNames.push(file);
  }

  /** Number in the image's file table, or `noFile`. */
  resolve(fileNumber: number): number {
    const known = this.resolved.at(fileNumber);
    if (known !== undefined) return known;
    const file = this.header.fileNames.at(fileNumber - this.firstNumber);
    if (file === undefined || fileNumber < this.firstNumber) return noFile;
    const name = this.strings.read(file.name);
    const index = name === null || name === "" ? noFile : this.table.add(this.directory(file.directory), name);
    this.resolved[fileNumber] = index;
    return index;
  }

  private directory(index: number): string {
    const reference = this.header.directories.at(index) ?? null;
    const base = this.header.version >= 5 ? this.directoryName(0) : (this.compilationDirectory ?? "");
    if (reference === null || (index === 0 && this.header.version >= 5)) return base;
    return join(base, this.strings.read(reference) ?? "");
  }

  private directoryName(index: number): string {
    const reference = this.header.directories.at(index) ?? null;
    return (reference && this.strings.read(reference)) ?? "";
  }
}

/** Firmware is also built on Windows: a drive letter makes a path absolute as well. */
const isAbsolute = (name: string) => name.startsWith("/") || /^[A-Za-z]:[\\/]/.test(name);

function join(directory: string, name: string): string {
  if (directory === "" || isAbsolute(name)) return name;
  return name === "" ? directory : `${directory}/${name}`;
}
