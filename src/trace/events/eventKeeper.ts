/** Writes events that come one by one, each with its arguments, as texts tell of them. */
import type { EventArgument, EventValue } from "./eventDescriptor";
import type { EventEncoder } from "./eventEncoder";

/** When and where an event took place. */
export interface EventMoment {
  /** Nanoseconds, or executions before it. */
  readonly time: bigint;
  /** -1: unknown. */
  readonly thread: number;
}

export class EventKeeper {
  private readonly numbers = new Map<string, number>();

  constructor(private readonly encoder: EventEncoder) {}

  /**
   * @param form what tells these arguments from others that events of this name have
   * @param values of `given`, in its order
   */
  keep(
    name: string,
    form: string,
    given: readonly EventArgument[],
    values: readonly EventValue[],
    { time, thread }: EventMoment,
  ): void {
    const key = `${name} ${form}`;
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.encoder.define({ name, arguments: given });
      this.numbers.set(key, number);
    }
    this.encoder.begin(number, lowHalf(time), highHalf(time), thread);
    values.forEach((value, index) => {
      if (typeof value === "bigint") this.encoder.number(given[index].kind, lowHalf(value), highHalf(value));
      else this.encoder.bytes(value);
    });
  }
}

const lowHalf = (value: bigint): number => Number(value & 0xffffffffn);
const highHalf = (value: bigint): number => Number((value >> 32n) & 0xffffffffn);
