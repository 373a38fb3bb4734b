/** The distinct functions of an image's debug information, numbered as they are met: by name and by where they are declared. */
export class FunctionNames {
  readonly list: string[] = [];
  /** Numbers of the image's file table, -1 for unknown, and lines, 0 for unknown. */
  readonly declarations: { readonly file: number[]; readonly line: number[] } = { file: [], line: [] };
  /** The first function of each name. */
  private readonly firsts = new Map<string, number>();
  /** The others by name and place: few have the name of another one. */
  private readonly others = new Map<string, number>();

  /** The columns of functions that keep their numbers. */
  constructor(list: readonly string[] = [], file: ArrayLike<number> = [], line: ArrayLike<number> = []) {
    list.forEach((name, index) => this.add(name, file[index], line[index]));
  }

  number(name: string, file: number, line: number): number {
    const first = this.firsts.get(name);
    if (first === undefined) return this.add(name, file, line);
    const { declarations } = this;
    if (declarations.file[first] === file && declarations.line[first] === line) return first;
    return this.others.get(keyOf(name, file, line)) ?? this.add(name, file, line);
  }

  /** Number of a function of which the symbol table alone knows. */
  ofSymbol(name: string): number {
    return this.number(name, -1, 0);
  }

  private add(name: string, file: number, line: number): number {
    const number = this.list.push(name) - 1;
    this.declarations.file.push(file);
    this.declarations.line.push(line);
    if (this.firsts.has(name)) this.others.set(keyOf(name, file, line), number);
    else this.firsts.set(name, number);
    return number;
  }
}

const keyOf = (name: string, file: number, line: number): string => `${name} ${file} ${line}`;
