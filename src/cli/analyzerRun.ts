/** Calls the methods of an analyzer for the records of a trace. */
import { pathToFileURL } from "node:url";
import { BootscopeError } from "../protocol/failure";
import type { EventDecoder, EventRecord } from "../trace/events/eventDecoder";
import type { EventDescriptor } from "../trace/events/eventDescriptor";
import { namedValues } from "../trace/events/eventText";
import type { Analyzer, Argument, Event, Record } from "./analyzer";

type Method = (this: unknown, ...args: unknown[]) => unknown;
type Call = (time: bigint, thread: number, args: readonly Argument[]) => void;

/**
 * Loads a module's default export: an object, or a class of which an object is made.
 * @throws BootscopeError `unsupported` when the module cannot be loaded or exports neither
 */
export async function loadAnalyzer(script: string): Promise<AnalyzerRun> {
  let exported: unknown;
  try {
    exported = ((await import(pathToFileURL(script).href)) as { default?: unknown }).default;
    if (typeof exported === "function") exported = new (exported as new () => unknown)();
  } catch (error) {
    throw scriptFailed(script, "could not be loaded", error);
  }
  if (typeof exported === "object" && exported !== null) return new AnalyzerRun(script, exported);
  throw new BootscopeError(
    "unsupported",
    `${script} exports no analyzer.`,
    "Let its default export be an object with a method per event name.",
  );
}

export class AnalyzerRun {
  private readonly calls = new Map<string, Call>();

  constructor(
    private readonly script: string,
    private readonly analyzer: Analyzer,
  ) {}

  async begin(args: readonly string[]): Promise<void> {
    await this.guard("begin", () => this.analyzer.begin?.(args));
  }

  /** @throws BootscopeError when the method throws, with its stack */
  take(decoder: EventDecoder): void {
    while (decoder.next()) {
      const { time, thread } = decoder;
      const record = decoder.read();
      try {
        this.callOf(record)(time, thread, argumentsOf(record));
      } catch (error) {
        throw scriptFailed(this.script, `failed in event ${record.descriptor.name}`, error);
      }
    }
  }

  async end(): Promise<void> {
    await this.guard("end", () => this.analyzer.end?.());
  }

  private async guard(name: string, call: () => void | Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      throw scriptFailed(this.script, `failed in ${name}`, error);
    }
  }

  /** What to call for an event, found once for each form that its records have. */
  private callOf({ descriptor, values }: EventRecord): Call {
    const key = `${descriptor.name} ${descriptor.arguments.map(({ type, name }) => `${type} ${name}`).join()} ${values.length}`;
    let call = this.calls.get(key);
    if (call === undefined) {
      call = this.bind(descriptor);
      this.calls.set(key, call);
    }
    return call;
  }

  private bind({ name, arguments: given }: EventDescriptor): Call {
    const { analyzer } = this;
    const method: unknown = reserved.has(name) ? undefined : Reflect.get(analyzer, name);
    if (typeof method !== "function") {
      const event: Event = { name, args: given.map((argument) => [argument.type, argument.name]) };
      return (time, thread, args) => {
        const record: Record = [name, time, thread, ...args];
        analyzer.catchall?.(event, record);
      };
    }
    const bound = (method as Method).bind(analyzer);
    if (method.length === given.length + 1) return (time, _thread, args) => void bound(time, ...args);
    if (method.length === given.length + 2) return (time, thread, args) => void bound(time, thread, ...args);
    return (_time, _thread, args) => void bound(...args);
  }
}

/** Not methods of events, whatever a trace calls its events. */
const reserved: ReadonlySet<string> = new Set([
  "begin",
  "end",
  "catchall",
  ...Object.getOwnPropertyNames(Object.prototype),
]);

const argumentsOf = ({ descriptor, values }: EventRecord): Argument[] =>
  namedValues(descriptor, values).map(({ value }) => value);

function scriptFailed(script: string, what: string, cause: unknown): BootscopeError {
  const detail = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return new BootscopeError("unsupported", `${script} ${what}:`, detail, { cause });
}
