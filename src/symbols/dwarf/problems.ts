/** Collects what went wrong: the first in full, the others by number. */
export class Problems {
  private count: number;

  constructor(private first: string | null = null) {
    this.count = first === null ? 0 : 1;
  }

  add(problem: string): void {
    this.first ??= problem;
    this.count++;
  }

  get summary(): string | null {
    return this.first !== null && this.count > 1 ? `${this.first} (and ${this.count - 1} more)` : this.first;
  }
}

/** Units of a section that are read: a kernel with everything built in has some 30,000. */
export const mostUnits = 1 << 17;

export const tooManyUnits = (section: string): string =>
  `${section} has more than ${mostUnits} units: what the others hold is missing.`;
