/** Metadata and totals: JSON that others wrote, of which only what has the expected shape is taken. */
import { trustLevels } from "../protocol/engine";
import type { TraceMetadata } from "./types";

export type Json = Readonly<Record<string, unknown>>;

/** The JSON object in these bytes, or null. */
export function parseJsonObject(bytes: Uint8Array): Json | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Takes the keys of docs/trace-format.md, "Metadata", that have their documented type; drops all else. */
export function validMetadata(json: Json): TraceMetadata {
  return defined({
    recorder: section(json["recorder"], (at) => ({
      name: string(at["name"]),
      version: string(at["version"]),
      pluginApi: count(at["pluginApi"]),
    })),
    qemu: section(json["qemu"], (at) => ({ version: string(at["version"]), commandLine: strings(at["commandLine"]) })),
    target: string(json["target"]),
    systemEmulation: boolean(json["systemEmulation"]),
    vcpus: count(json["vcpus"]),
    capture: section(json["capture"], (at) => ({
      mode: oneOf(at["mode"], trustLevels),
      deterministic: boolean(at["deterministic"]),
      reasons: strings(at["reasons"]),
    })),
    clock: section(json["clock"], (at) => ({
      kind: oneOf(at["kind"], ["host", "events"] as const),
      tickShift: smallCount(at["tickShift"]),
    })),
    instructionsCounted: boolean(json["instructionsCounted"]),
    startUnixNs: string(json["startUnixNs"]),
    icountShift: smallCount(json["icountShift"]),
    kernel: section(json["kernel"], (at) => ({
      path: string(at["path"]),
      release: string(at["release"]),
      buildIds: strings(at["buildIds"]),
    })),
    source: section(json["source"], (at) => ({
      format: string(at["format"]),
      path: string(at["path"]),
      bytes: string(at["bytes"]),
    })),
    dropped: count(json["dropped"]),
    events: section(json["events"], (at) => ({ origin: unsigned64(at["origin"]) })),
  });
}

/** `later` over `earlier`, key by key, inside objects too. */
export function mergeMetadata(earlier: Json, later: Json): Json {
  const merged: Record<string, unknown> = { ...earlier };
  for (const [key, value] of Object.entries(later)) {
    const before = Object.hasOwn(earlier, key) ? earlier[key] : undefined;
    // Not by assignment: a key may be called __proto__.
    const both = isObject(before) && isObject(value) ? { ...before, ...value } : value;
    Object.defineProperty(merged, key, { value: both, enumerable: true, configurable: true, writable: true });
  }
  return merged;
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const string = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const boolean = (value: unknown): boolean | undefined => (typeof value === "boolean" ? value : undefined);
const count = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
/** A shift count. */
const smallCount = (value: unknown): number | undefined => ((count(value) ?? 64) < 64 ? (value as number) : undefined);
const strings = (value: unknown): string[] | undefined =>
  Array.isArray(value) && value.every((item): item is string => typeof item === "string") ? value : undefined;
/** A decimal number of 64 bits, as text. */
const unsigned64 = (value: unknown): string | undefined =>
  typeof value === "string" && /^\d{1,20}$/.test(value) && BigInt(value) < 1n << 64n ? value : undefined;
const oneOf = <T extends string>(value: unknown, allowed: readonly T[]): T | undefined =>
  allowed.find((item) => item === value);

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** The object without its undefined values. */
function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function section<T extends object>(value: unknown, read: (at: Json) => T): Defined<T> | undefined {
  return isObject(value) ? defined(read(value)) : undefined;
}
