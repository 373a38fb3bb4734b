import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventDecoder, parseEventsHead } from "../../../../src/trace/events/eventDecoder";
import {
  ArgumentKind,
  ThreadKind,
  type EventDescriptor,
  type EventValue,
} from "../../../../src/trace/events/eventDescriptor";
import { EventEncoder } from "../../../../src/trace/events/eventEncoder";

interface TestRecord {
  readonly event: number;
  readonly time: bigint;
  readonly thread: number;
  readonly values: readonly EventValue[];
}

const halves = (value: bigint): [low: number, high: number] => {
  const unsigned = BigInt.asUintN(64, value);
  return [Number(unsigned & 0xffffffffn), Number(unsigned >> 32n)];
};

function encode(descriptors: readonly EventDescriptor[], records: readonly TestRecord[], payloadBytes?: number) {
  const payloads: Uint8Array[] = [];
  const encoder = new EventEncoder(ThreadKind.Thread, (payload) => payloads.push(payload), payloadBytes);
  for (const descriptor of descriptors) encoder.define(descriptor);
  for (const { event, time, thread, values } of records) {
    encoder.begin(event, ...halves(time), thread);
    values.forEach((value, index) => {
      if (typeof value === "bigint") encoder.number(descriptors[event].arguments[index].kind, ...halves(value));
      else encoder.bytes(value);
    });
  }
  encoder.finish();
  return payloads;
}

const plain = (value: EventValue): bigint | string =>
  typeof value === "bigint" ? value : Buffer.from(value).toString("latin1");

function decode(payload: Uint8Array) {
  const head = parseEventsHead(payload);
  if (head === null) return null;
  const decoder = new EventDecoder(payload, head);
  const records: { name: string; time: bigint; thread: number; values: (bigint | string)[] }[] = [];
  while (decoder.next()) {
    const { time, thread } = decoder;
    records.push({ name: decoder.descriptor.name, time, thread, values: decoder.read().values.map(plain) });
  }
  return { head, decoder, records };
}

const argument = (kind: ArgumentKind, name: string) => ({
  name,
  kind,
  hexadecimal: kind === ArgumentKind.Pointer,
  type: "",
});
const descriptors: EventDescriptor[] = [
  { name: "void_event", arguments: [] },
  {
    name: "numbers",
    arguments: [ArgumentKind.Unsigned, ArgumentKind.Signed, ArgumentKind.Pointer].map((kind, at) =>
      argument(kind, `a${at}`),
    ),
  },
  { name: "text_événement", arguments: [argument(ArgumentKind.Text, "name"), argument(ArgumentKind.Signed, "v")] },
  { name: "raw", arguments: [argument(ArgumentKind.Bytes, "arguments")] },
];

const unsigned = fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 64n - 1n));
const signed = fc.oneof(fc.bigInt(-300n, 300n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n));
const bytes = fc.uint8Array({ maxLength: 40 });
const values = [
  fc.constant([]),
  fc.tuple(unsigned, signed, unsigned),
  fc.tuple(bytes, signed),
  fc.tuple(bytes),
] as const satisfies readonly fc.Arbitrary<readonly EventValue[]>[];
const record: fc.Arbitrary<TestRecord> = fc.nat(3).chain((event) =>
  fc.record({
    event: fc.constant(event),
    time: unsigned,
    thread: fc.oneof(fc.integer({ min: -1, max: 9 }), fc.integer({ min: 0, max: 0xffffffff })),
    values: values[event] as fc.Arbitrary<readonly EventValue[]>,
  }),
);

describe("chunks of events", () => {
  it("give back what was put in, to the bit, and each by itself", () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 60 }), fc.integer({ min: 1, max: 2000 }), (records, payloadBytes) => {
        const decoded = encode(descriptors, records, payloadBytes).map(decode);
        const expected = records.map(({ event, time, thread, values: given }) => ({
          ...{ name: descriptors[event].name, time, thread },
          values: given.map(plain),
        }));
        expect(decoded.flatMap((chunk) => chunk?.records ?? [])).toEqual(expected);
        let first = 0;
        for (const chunk of decoded) {
          const times = (chunk?.records ?? []).map(({ time }) => time).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
          expect(chunk?.head).toMatchObject({ firstEvent: first, earliest: times[0], latest: times.at(-1) });
          expect(chunk?.decoder.descriptors.reduce((sum, { count }) => sum + count, 0)).toBe(times.length);
          first += times.length;
        }
      }),
    );
  });

  it("give the records before a cut, and none that was not there", () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 20 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (records, part) => {
          const [payload] = encode(descriptors, records);
          const whole = decode(payload)?.records ?? [];
          const cut = decode(payload.subarray(0, Math.floor(part * payload.length)))?.records ?? [];
          expect(whole.slice(0, cut.length)).toEqual(cut);
        },
      ),
    );
  });

  it("end where bytes make no sense, in bounded time", () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 20 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
        (records, flips) => {
          const [payload] = encode(descriptors, records);
          for (const [at, value] of flips) payload[at % payload.length] = value;
          expect((decode(payload)?.records ?? []).length).toBeLessThanOrEqual(payload.length);
        },
      ),
    );
  });
});
