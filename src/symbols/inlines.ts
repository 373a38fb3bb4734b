import { FileTable, noFile } from "./dwarf/lineFiles";
import { InlineTable } from "./dwarf/inlineTable";
import type { DebugSections } from "./dwarf/debugSections";
import { FunctionNames } from "./functionNames";
import { hasColumns, isBetween, type ImageStore } from "./imageStore";
import { InlineMap, type InlineColumns } from "./inlineMap";
import { InlineStretches } from "./inlineStretches";

/** New stretches from which it is worth to write the map to disk. */
const worthKeeping = 64;

/**
 * The inlined calls of an image: those that were asked for, in this process or another one, are known; those of other code are
 * read from the debug information, which is opened by the first address that needs it.
 */
export class Inlines {
  private table: Promise<InlineTable | null> | undefined;
  private last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly sections: DebugSections,
    private readonly store: ImageStore,
    readonly names: FunctionNames,
    readonly files: FileTable,
    private map: InlineMap,
    private problems: string | null,
  ) {}

  static async open(sections: DebugSections, store: ImageStore): Promise<Inlines> {
    const kept = await store.load("inlines");
    if (!isKept(kept)) return new Inlines(sections, store, new FunctionNames(), new FileTable(), InlineMap.empty, null);
    const { names, declarationFile, declarationLine, files, problem } = kept;
    const functions = new FunctionNames(names, declarationFile, declarationLine);
    return new Inlines(sections, store, functions, new FileTable(files), new InlineMap(kept), problem);
  }

  /** The map's columns: what the numbers of `find` stand for. */
  get columns(): InlineColumns {
    return this.map.columns;
  }

  /** What was wrong with the debug information, in one sentence, or null. */
  get problem(): string | null {
    return this.problems;
  }

  /**
   * The innermost frame at each address, -1 where there is none; null when the image has no debug information.
   * Rejects with AbortError when the signal fires, with BootscopeError when a section cannot be read.
   */
  async find(addresses: BigUint64Array, signal?: AbortSignal): Promise<Int32Array | null> {
    // One after another: two that load the same functions would both add them.
    const turn = this.last.then(() => this.findOrLoad(addresses, signal));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async findOrLoad(addresses: BigUint64Array, signal?: AbortSignal): Promise<Int32Array | null> {
    const known = this.map.lookupMany(addresses);
    const missing = addresses.filter((_, index) => known[index] === -2);
    if (missing.length === 0) return known;
    const table = await (this.table ??= InlineTable.open(this.sections, this.files, this.names));
    if (table === null) return null;
    const stretches = new InlineStretches();
    try {
      await table.load(missing, stretches, signal);
    } finally {
      this.map = this.map.with(stretches, table.code);
      this.problems ??= table.problem;
      if (stretches.count >= worthKeeping) await this.keep();
    }
    return this.map.lookupMany(addresses);
  }

  private async keep(): Promise<void> {
    const { list: names, declarations } = this.names;
    const kept: KeptInlines = {
      ...this.map.columns,
      names: [...names],
      declarationFile: Int32Array.from(declarations.file),
      declarationLine: Uint32Array.from(declarations.line),
      files: [...this.files.paths],
      problem: this.problems,
    };
    await this.store.save("inlines", kept);
  }
}

interface KeptInlines extends InlineColumns {
  readonly names: string[];
  readonly declarationFile: Int32Array;
  readonly declarationLine: Uint32Array;
  readonly files: string[];
  readonly problem: string | null;
}

const kinds = {
  parent: Int32Array,
  callee: Int32Array,
  callFile: Uint32Array,
  callLine: Uint32Array,
  start: BigUint64Array,
  length: Uint32Array,
  first: Uint32Array,
  end: Uint32Array,
  offset: Uint32Array,
  frame: Int32Array,
  names: Array,
  declarationFile: Int32Array,
  declarationLine: Uint32Array,
  files: Array,
};

/** Whether what was kept makes sense: all numbers lead to something, and from frame to parent leads to an end. */
function isKept(value: unknown): value is KeptInlines {
  if (!hasColumns(value, kinds)) return false;
  const kept = value as unknown as KeptInlines;
  const { parent, names, files, start, offset, frame } = kept;
  const frames = [kept.callee, kept.callFile, kept.callLine];
  const stretches = [kept.length, kept.first, kept.end];
  return (
    (kept.problem === null || typeof kept.problem === "string") &&
    frames.every(({ length }) => length === parent.length) &&
    stretches.every(({ length }) => length === start.length) &&
    frame.length === offset.length &&
    kept.declarationFile.length === names.length &&
    kept.declarationLine.length === names.length &&
    parent.every((to, index) => to >= -1 && to < index) &&
    isBetween(kept.callee, -1, names.length) &&
    (files.length === 0 || isBetween(kept.callFile, 0, files.length, noFile)) &&
    isBetween(kept.declarationFile, -1, files.length) &&
    kept.first.every((from, index) => from <= kept.end[index] && kept.end[index] <= offset.length) &&
    isBetween(frame, -1, parent.length)
  );
}
