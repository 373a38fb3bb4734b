/** The distinct functions of an image's debug information, numbered as they are met: by name and by where they are declared. */
export class FunctionNames {
  readonly list: string[];
  /** Numbers of the image's file table, -1 for unknown, and lines, 0 for unknown. */
  readonly declarations: { readonly file: number[]; readonly line: number[] };
  private readonly numbers = new Map<string, number>();

  /** The columns of functions that keep their numbers. */
  constructor(list: readonly string[] = [], file: ArrayLike<number> = [], line: ArrayLike<number> = []) {
    this.list = [...list];
    this.declarations = { file: Array.from(file), line: Array.from(line) };
    list.forEach((name, index) => this.numbers.set(keyOf(name, file[index], line[index]), index));
  }

  number(name: string, file: number, line: number): number {
    const key = keyOf(name, file, line);
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.list.push(name) - 1;
      this.declarations.file.push(file);
      this.declarations.line.push(line);
      this.numbers.set(key, number);
    }
    return number;
  }

  /** Number of a function of which the symbol table alone knows. */
  ofSymbol(name: string): number {
    return this.number(name, -1, 0);
  }
}

const keyOf = (name: string, file: number, line: number): string => `${name} ${file} ${line}`;
