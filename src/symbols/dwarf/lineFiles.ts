import path from "node:path";
import { stringAt } from "../elf/headers";
import type { StringReference } from "./forms";
import type { LineHeader } from "./lineHeader";
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
  private readonly directories: string[] = [];

  /** @param bytes of the unit, which may hold the names: they must stay while files are resolved */
  constructor(
    private readonly header: LineHeader,
    private readonly bytes: Uint8Array,
    private readonly strings: StringReader,
    private readonly table: FileTable,
    private readonly compilationDirectory: string | null,
  ) {}

  /** Number in the image's file table, or `noFile`. */
  resolve(fileNumber: number): number {
    const known = this.resolved.at(fileNumber);
    if (known !== undefined) return known;
    const { files } = this.header;
    const name = this.text(files.name(fileNumber));
    if (name === "") return noFile;
    const index = files.directory(fileNumber);
    const directory = (this.directories[index] ??= this.directory(index));
    return (this.resolved[fileNumber] = this.table.add(directory, name));
  }

  private directory(index: number): string {
    const { version, directories } = this.header;
    const base = version >= 5 ? this.text(directories.name(0)) : (this.compilationDirectory ?? "");
    return index === 0 ? base : join(base, this.text(directories.name(index)));
  }

  private text(reference: StringReference | null): string {
    if (reference === null) return "";
    return reference.place === "inline" ? stringAt(this.bytes, reference.offset) : (this.strings.read(reference) ?? "");
  }
}

/** Firmware is also built on Windows: a drive letter makes a path absolute as well. */
const isAbsolute = (name: string) => name.startsWith("/") || /^[A-Za-z]:[\\/]/.test(name);

function join(directory: string, name: string): string {
  if (directory === "" || isAbsolute(name)) return name;
  return name === "" ? directory : `${directory}/${name}`;
}
