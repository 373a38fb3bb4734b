/** What this project uses of WebAssembly: Node has it, but its types come with the browser's only. */
declare namespace WebAssembly {
  class Memory {
    constructor(size: { initial: number; maximum: number; shared: boolean });
    /** Of shared memory a SharedArrayBuffer, whatever the browser's types say. */
    readonly buffer: ArrayBuffer;
    /** In pages of 64 KiB; answers how many there were. */
    grow(pages: number): number;
  }
  class Module {
    constructor(code: Uint8Array<ArrayBuffer>);
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, Memory>>);
    readonly exports: Record<string, unknown>;
  }
  class Global {
    value: number;
  }
}
