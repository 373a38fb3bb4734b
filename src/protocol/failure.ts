/** Why something could not be done, in the three parts that every message to a user has. Crosses process borders as data. */
export interface Failure {
  readonly code: FailureCode;
  /** What happened. One sentence. */
  readonly message: string;
  /** What to do about it. One sentence, or empty. */
  readonly advice: string;
}

export type FailureCode =
  | "cancelled"
  | "not-found"
  | "unreadable"
  | "not-a-trace"
  | "unsupported-version"
  | "damaged"
  | "wrong-symbols"
  | "no-symbols"
  | "no-qemu"
  | "no-plugin-support"
  | "no-compiler"
  | "no-kernel"
  | "qemu-failed"
  | "unwritable"
  | "unsupported"
  | "engine-died"
  | "internal";

/** An expected failure, thrown inside one process; `toFailure` turns it into data at the border. */
export class BootscopeError extends Error {
  constructor(
    readonly code: FailureCode,
    message: string,
    readonly advice = "",
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = "BootscopeError";
  }
}

/** The failure that a thrown value stands for; anything unexpected becomes "internal" with its text. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof BootscopeError) {
    return { code: thrown.code, message: thrown.message, advice: thrown.advice };
  }
  if (thrown instanceof Error && thrown.name === "AbortError") {
    return { code: "cancelled", message: "Cancelled.", advice: "" };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: "internal", message, advice: "This is a defect in Bootscope: see the log for details." };
}

/** A failure as running text: what happened, then what to do. A message that quotes another program may lack its full stop. */
export function failureText({ message, advice }: Failure): string {
  const sentence = /[.!?…:]$/.test(message.trimEnd()) ? message.trimEnd() : `${message.trimEnd()}.`;
  return advice === "" ? sentence : `${sentence} ${advice}`;
}
