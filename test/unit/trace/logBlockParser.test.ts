import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mostAddresses } from "../../../src/trace/import/addressIndex";
import { bufferBytes } from "../../../src/trace/import/blockReader";
import { LogBlockParser } from "../../../src/trace/import/logBlockParser";
import { LogEventCollector, type LogEventLines } from "../../../src/trace/import/logEventLines";
import { logSlot, noCounts, runWords, type LogStream } from "../../../src/trace/import/logColumns";
import { lineKind, LogLineParser } from "../../../src/trace/import/logLine";
import { ImportMemory } from "../../../src/trace/import/importMemory";

const textBytes = 1 << 18;
const firstSecond = 1_795_218_801;

interface Row {
  readonly stream: LogStream | "withdraw" | "withdrawKey";
  readonly address?: bigint;
  readonly key?: number | undefined;
  readonly time?: number;
}

interface Found {
  readonly rows: readonly Row[];
  readonly counts: object;
  /** Lines that may tell of events. */
  readonly events: LogEventLines | null;
  readonly cut: boolean | null;
}

/** One for all: each would reserve four gigabytes of address space until it is collected. */
const subjectMemory = ImportMemory.create(bufferBytes(textBytes), 2);

/** What the parser says of texts that follow each other. */
class Subject {
  private readonly memory = subjectMemory;
  private readonly parser = new LogBlockParser(subjectMemory, { stamped: true, firstSecond });
  private readonly addresses: bigint[] = [];
  private readonly streams: LogStream[] = [];
  private turn = 0;

  parse(text: string, start = 17): Found {
    const place = this.turn++ % 2;
    const bytes = this.memory.text(place);
    const end = start + text.length;
    bytes.fill(0x30, 0, start);
    bytes.set(Buffer.from(text, "latin1"), start);
    bytes.fill(0, end, end + 256);
    const part = this.parser.parse({ place, start, end });
    this.addresses.push(...part.addresses);
    this.streams.push(...part.streams);
    const { block, time, run } = this.memory.columns(place);
    const rows: Row[] = [];
    for (let each = 0; each < part.runs; each++) {
      const [slot, end, key] = run.subarray(each * runWords, (each + 1) * runWords);
      for (let row = rows.length; row < end; row++) {
        rows.push(this.row(slot, this.addresses[block[row]], time[row], row === end - 1 ? key : undefined));
      }
    }
    expect(rows.length).toBe(part.rows);
    return { rows, counts: part.counts, events: part.events, cut: part.cut };
  }

  private row(slot: number, address: bigint, time: number, key: number | undefined): Row {
    if (slot === logSlot.withdrawKey) return { stream: "withdrawKey", key };
    if (slot === logSlot.withdraw) return { stream: "withdraw", address };
    const stream = this.streams[slot - logSlot.firstStream];
    return stream.kind === "trace" ? { stream, address, time } : { stream, address, time, key };
  }
}

/** What the parser of single lines says of the same: the definition. */
function lineByLine(parser: LogLineParser, text: string): Found {
  const bytes = new Uint8Array(text.length + 256);
  bytes.set(Buffer.from(text, "latin1"));
  parser.setBytes(bytes);
  const rows: Row[] = [];
  const counts = noCounts();
  const events = new LogEventCollector();
  let cut = false;
  for (let at = 0; at < text.length;) {
    const start = at;
    at = parser.parse(at, text.length);
    const address = (BigInt(parser.pcHigh >>> 0) << 32n) | BigInt(parser.pcLow >>> 0);
    const { time, thread } = parser.stamp;
    const key = parser.tbKey;
    switch (parser.kind) {
      case lineKind.trace:
        if (parser.vcpu >= 4096) counts.torn++;
        else {
          rows.push({ stream: { kind: "trace", id: Math.max(0, parser.vcpu) }, address, time });
          counts[parser.unchained === null ? "unknown" : parser.unchained ? "unchained" : "chained"]++;
        }
        break;
      case lineKind.execTb:
        rows.push({ stream: { kind: "execTb", id: thread }, address, time, key });
        break;
      case lineKind.exit:
        if ((parser.exitFlags & 3) === 3) rows.push({ stream: "withdrawKey", key });
        break;
      case lineKind.stopped:
        rows.push({ stream: "withdraw", address });
        break;
      case lineKind.linking:
        counts.links++;
        break;
      case lineKind.torn:
        if (at === text.length && !text.endsWith("\n")) cut = true;
        else counts.torn++;
        break;
      case lineKind.other:
        if (text[at - 1] === "\n") events.take(bytes, start, at, rows.length, parser.stamp);
        break;
    }
  }
  const found = rows.map((row, index) => withKeyOfRun(row, rows.at(index + 1)));
  return { rows: found, counts, events: events.finish(), cut };
}

/** Keys are told of a run's last row only: nothing else can be withdrawn. */
function withKeyOfRun(row: Row, next: Row | undefined): Row {
  if (typeof row.stream === "string" || row.stream.kind === "trace") return row;
  const goesOn =
    next !== undefined &&
    typeof next.stream !== "string" &&
    next.stream.kind === "execTb" &&
    next.stream.id === row.stream.id;
  return goesOn ? { ...row, key: undefined } : row;
}

/** A character of an ASCII text. */
const anyOf = (text: string): fc.Arbitrary<string> => fc.nat(text.length - 1).map((at) => text.charAt(at));
const hex = (digits: number): fc.Arbitrary<string> =>
  fc.string({ unit: anyOf("0123456789abcdefAF09"), minLength: digits, maxLength: digits });
const decimals = (digits: number): fc.Arbitrary<string> =>
  fc.string({ unit: anyOf("0123456789"), minLength: digits, maxLength: digits });
const prefix = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  fc
    .tuple(fc.constantFrom("7", "4194304"), fc.constantFrom("01", "02"), decimals(6))
    .map(([id, s, us]) => `${id}@17952188${s}.${us}:`),
  fc.tuple(fc.constantFrom("01", "59"), decimals(6)).map(([s, us]) => `2026-11-20T12:34:${s}.${us}Z `),
  decimals(9).map((ns) => `77@1795218801${ns} `),
);
/** What other lines are made of: registers, disassembly, interrupts, events, and letters that lines of executions have too. */
const pieces = [
  "EAX=00000000 ESI=0006|RIP=ffffffff81000000 RFL=00000046 [---Z-P-] CPL=0|CCS=0000 CCO=SUBL|ES =0000 ff|[ST=0]|R00=60000010 ",
  " PC=ffff800010081f00 X00=|PSTATE=600003c5 -ZC- EL1h| x0/zero  0000| mhartid  00",
  "----------------|IN: |0xfffffff0:  ea 5b e0|OBJD-T: ea5b|     1: v=08 e=0000 i=0|   : v=08 e=0000|SMM: enter",
  "Servicing hardware INT=0x20|check_exception old: 0xffffffff|Taking exception 5 [IRQ]|...with ESR|Exception return",
  "AArch32 mode|riscv_cpu_do_interrupt: |riscv: mode|virtio_blk_req 0x1|a_name_of_sixteen_|nameofeighteenlets_x|underscore_",
  "@1795218801.000001:name 1|[    0.000000] Linux|guest exec_tb tb:0x7f35 pc=0xfff0|guest Trace 0: 0x7f35 [0/fff0/1] ",
  "Linking TBs 0x|Tr|Trace |Chain |St|_t|exec_tb |_|@|.| |  7|:|\r|\0|\x1b[0m|\xff|xxxxxxxxxxxxxxx|y=y=y=y=y=y=y=y=y=y=y=y=y=y=y=y",
].flatMap((some) => some.split("|"));
const otherLine = fc.array(fc.constantFrom(...pieces), { maxLength: 5 }).map((pieces) => pieces.join(""));
const symbol = fc.constantFrom("", "", "", " delay_tsc", "x");
const line = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("Trace", "Chain"),
      fc.constantFrom(0, 1, 12, 5000),
      hex(12),
      hex(16),
      hex(16),
      hex(8),
      hex(8),
      symbol,
    )
    .map(
      ([word, cpu, tc, base, pc, flags, cflags, name]) =>
        `${word} ${cpu}: 0x${tc} [${base}/${pc}/${flags}/${cflags}] ${name}`,
    ),
  fc.tuple(hex(8), hex(8)).map(([base, pc]) => `Trace 0: 0x7f35 [${base}/${pc}/0x40c2b0] `),
  fc
    .tuple(hex(12), fc.constantFrom("", "0: ", "3: "), hex(16))
    .map(([tc, cpu, pc]) => `Trace 0x${tc} [${cpu}${pc}] name`),
  fc
    .tuple(fc.constantFrom("exec_tb", "exec_tb_nocache"), hex(12), fc.integer({ min: 1, max: 17 }).chain(hex))
    .map(([name, tb, pc]) => `${name} tb:0x${tb} pc=0x${pc}`),
  fc.tuple(hex(12), hex(1)).map(([tb, flags]) => `exec_tb_exit tb:0x${tb} flags=0x${flags}`),
  hex(16).map((pc) => `Stopped execution of TB chain before 0x7f35 [${pc}] `),
  fc.constantFrom(
    "Linking TBs 0x1 index 0 -> 0x2",
    "Linux version 6.1",
    "",
    "exec_tb tb:(nil) pc=0x1",
    "RAX=0000 RBX=1111",
  ),
  { weight: 4, arbitrary: otherLine },
);
const lines = fc.tuple(prefix, line, fc.constantFrom("\n", "\n", "\n", "\r\n")).map((parts) => parts.join(""));
/** Bytes that make a difference to the forms, put anywhere. */
const mutation = fc.tuple(fc.nat(), anyOf(" \n\r/]:[@.0x9agZ\0\xff"), fc.boolean());

function mutated(text: string, mutations: readonly [number, string, boolean][]): string {
  let result = text;
  for (const [place, character, replaces] of mutations) {
    const at = place % (result.length + 1);
    result = result.slice(0, at) + character + result.slice(replaces ? at + 1 : at);
  }
  return result;
}

describe("texts of a log", () => {
  it("say what their lines say one by one, also where these were changed after the parser had learned from them", () => {
    fc.assert(
      fc.property(
        fc.array(lines, { minLength: 1, maxLength: 12 }),
        fc.array(mutation, { maxLength: 6 }),
        fc.nat(),
        (some, mutations, cut) => {
          const subject = new Subject();
          const parser = new LogLineParser(firstSecond);
          const text = some.join("");
          for (const each of [text, mutated(text + text, mutations), text.slice(0, 1 + (cut % text.length)), text]) {
            expect(subject.parse(each)).toEqual(lineByLine(parser, each));
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it("may lack the digits that a line like them had", () => {
    const subject = new Subject();
    const parser = new LogLineParser(firstSecond);
    for (const text of [
      "exec_tb tb:0x7f35 pc=0x1\n",
      "exec_tb tb:0x7f35 pc=0x\n",
      "exec_tb_exit tb:0x7f35 flags=0x\n",
    ]) {
      expect(subject.parse(text)).toEqual(lineByLine(parser, text));
    }
  });

  it("may have more different addresses than the first table takes", () => {
    const subject = new Subject();
    const count = 40_000;
    const addresses = Array.from({ length: count }, (_, index) => BigInt(index) * 0x1_0000_0001n);
    for (let from = 0; from < count; from += 4000) {
      const some = addresses.slice(from, from + 4000);
      const { rows } = subject.parse(some.map((pc) => `exec_tb tb:0x7f35 pc=0x${pc.toString(16)}\n`).join(""));
      expect(rows.map(({ address }) => address)).toEqual(some);
    }
  });

  it("lose lines, and say how many, when there are too many different addresses", () => {
    const memory = ImportMemory.create(bufferBytes(textBytes), 1);
    const parser = new LogBlockParser(memory, { stamped: false, firstSecond: NaN });
    const linesPerText = 4096;
    const bytes = memory.text(0);
    let unnumbered = 0;
    let rows = 0;
    for (let from = 0; from < mostAddresses + linesPerText; from += linesPerText) {
      const text = Array.from(
        { length: linesPerText },
        (_, index) => `exec_tb tb:0x7f35 pc=0x${(from + index).toString(16)}\n`,
      ).join("");
      bytes.set(Buffer.from(text, "latin1"));
      bytes.fill(0, text.length, text.length + 256);
      const part = parser.parse({ place: 0, start: 0, end: text.length });
      unnumbered += part.counts.unnumbered;
      rows += part.rows;
    }
    expect({ rows, unnumbered }).toEqual({ rows: mostAddresses, unnumbered: linesPerText });
  });
});
