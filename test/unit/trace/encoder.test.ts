import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExecutionEncoder } from "../../../src/trace/encoder";
import { RunEncoder } from "../../../src/trace/runEncoder";

/** A stretch of executions by the numbers of their blocks, and how often it comes again. */
const stretch = fc.tuple(fc.array(fc.nat(299), { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 150 }));
/** What lies between two times: up to half of what a double counts exactly. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.nat(5000) },
  fc.constantFrom(0, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 1, 2 ** 46),
);
/** Where one run ends and another begins. */
const cuts = fc.array(fc.nat(8000), { maxLength: 6 });

interface Encoded {
  readonly payloads: Uint8Array[];
  readonly encoder: ExecutionEncoder;
}

function newEncoder(runs: RunEncoder, payloadBytes: number, capacity: number): Encoded {
  const payloads: Uint8Array[] = [];
  const take = (payload: Uint8Array): void => void payloads.push(payload);
  return { payloads, encoder: new ExecutionEncoder(0, 0, () => 300, take, payloadBytes, capacity, runs) };
}

/** One for all: each would reserve four gigabytes of address space until it is collected. */
const runs = new RunEncoder();
const hexOf = (payloads: Uint8Array[]): string[] => payloads.map((each) => Buffer.from(each).toString("hex"));

describe("a run of executions", () => {
  const translation = runs.newWords(300);
  // Numbers of blocks as a parser has them, which are not those of the trace; some need many bytes.
  translation.forEach((_, number) => (translation[number] = number % 3 === 0 ? number : number * 70_001));

  it("is encoded as its executions one by one, through ends of chunks and whatever its times are", () => {
    fc.assert(
      fc.property(
        fc.array(stretch, { minLength: 1, maxLength: 8 }),
        fc.array(step, { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        cuts,
        fc.constantFrom(100, 3000, 2 ** 20),
        fc.constantFrom(1000, 2 ** 22),
        (stretches, steps, timed, places, payloadBytes, capacity) => {
          const numbers = Uint32Array.from(
            stretches.flatMap(([list, times]) => Array.from({ length: times }, () => list).flat()),
          );
          const count = numbers.length;
          const times = new Float64Array(count);
          for (let row = 1; row < count; row++) {
            const next = times[row - 1] + (timed ? steps[row % steps.length] : 1);
            times[row] = next <= Number.MAX_SAFE_INTEGER ? next : times[row - 1];
          }
          const single = newEncoder(runs, payloadBytes, capacity);
          numbers.forEach((number, row) => single.encoder.execute(translation[number], 0, times[row]));
          single.encoder.seal(times[count - 1]);

          const whole = newEncoder(runs, payloadBytes, capacity);
          const ends = [...places.filter((place) => place < count).sort((a, b) => a - b), count];
          let from = 0;
          for (const end of ends) {
            whole.encoder.executeRun({ numbers, translation, times: timed ? times : null }, from, end, times[from]);
            from = end;
          }
          whole.encoder.seal(times[count - 1]);
          expect(hexOf(whole.payloads)).toEqual(hexOf(single.payloads));
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe("the same block many times", () => {
  it("is encoded as one by one, whatever was before and wherever chunks end", () => {
    const repeats = fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 3000 })), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(repeats, fc.constantFrom(100, 2 ** 20), fc.constantFrom(1000, 2 ** 22), (list, bytes, capacity) => {
        const single = newEncoder(runs, bytes, capacity);
        const many = newEncoder(runs, bytes, capacity);
        let time = 0;
        for (const [block, times] of list) {
          many.encoder.executeTimes(block, 3, times, time);
          for (let done = 0; done < times; done++) single.encoder.execute(block, 3, time++);
        }
        single.encoder.seal(time);
        many.encoder.seal(time);
        expect(hexOf(many.payloads)).toEqual(hexOf(single.payloads));
      }),
      { numRuns: 30 },
    );
  });
});
