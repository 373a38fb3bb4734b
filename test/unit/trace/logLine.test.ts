import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lineKind, LogLineParser } from "../../../src/trace/import/logLine";

const encode = (text: string): Uint8Array => {
  const line = Buffer.from(text, "latin1");
  const bytes = new Uint8Array(line.length + 256);
  bytes.set(line);
  return bytes;
};

/** Parses one line with a parser of its own. */
function parse(text: string): { parser: LogLineParser; next: number; pc: string } {
  const parser = new LogLineParser();
  parser.setBytes(encode(text));
  const next = parser.parse(0, text.length);
  const pc = ((BigInt(parser.pcHigh >>> 0) << 32n) | BigInt(parser.pcLow >>> 0)).toString(16);
  return { parser, next, pc };
}

describe("exec_tb lines", () => {
  it.each([
    ["no prefix", "exec_tb tb:0x7f3524000040 pc=0xfffffff0\n", "fffffff0", -1, NaN],
    ["carriage return", "exec_tb tb:0x7f3524000040 pc=0xffffffff81000000\r\n", "ffffffff81000000", -1, NaN],
    ["uncached", "exec_tb_nocache tb:0x1 pc=0x10\n", "10", -1, NaN],
    [
      "process or thread",
      "5894@1795218801.476644:exec_tb tb:0x7f1b68000040 pc=0xfffffff0\n",
      "fffffff0",
      5894,
      476644e3,
    ],
    ["ISO", "2026-11-20T12:34:56.123456Z exec_tb tb:0x7f pc=0xffffffff81000001\n", "ffffffff81000001", -1, 123456e3],
    ["SystemTap", "77@1795218801476644123 exec_tb tb:0x7f pc=0x7c00\n", "7c00", 77, 476644123],
    ["Windows pointers", "exec_tb tb:00007F35240000A0 pc=0xFFFFFFFF8100000A\n", "ffffffff8100000a", -1, NaN],
    ["guest output before", "[    0.000000] Linuxexec_tb tb:0x7f3524000040 pc=0x100000\n", "100000", -1, NaN],
    [
      "guest output before a stamp",
      "Decompr12@1795218801.476644:exec_tb tb:0x7f3524000040 pc=0x100000\n",
      "100000",
      12,
      476644e3,
    ],
    ["NUL bytes before", "\0\0\0exec_tb tb:0x7f3524000040 pc=0x100000\n", "100000", -1, NaN],
  ])("are read: %s", (_, line, expected, thread, time) => {
    const { parser, next, pc } = parse(line);
    expect(parser.kind).toBe(lineKind.execTb);
    expect(pc).toBe(expected);
    expect(parser.stamp.thread).toBe(thread);
    expect(parser.stamp.time).toBe(time);
    expect(next).toBe(line.length);
  });

  it.each([
    "exec_tb tb:0x7f3524000040 pc=0xffffffff8100",
    "exec_tb tb:0x7f35",
    "exec_tb tb:0x7f3524000040 pc=\n",
    "exec_tb tb:0x7f3524000040 pc=0xffffffff81000000123\n",
    "exec_tb tb:0x7f3524000040 pc=0xffexec_tb tb:0x7f3524000040 pc=0x1\n",
  ])("are torn: %s", (line) => {
    const { parser, next } = parse(line);
    expect(parser.kind).toBe(lineKind.torn);
    expect(next).toBe(line.length);
  });

  it("tell why code was left", () => {
    const entry = parse("exec_tb tb:0x7f3524000040 pc=0x1\n").parser;
    const leave = parse("exec_tb_exit tb:0x7f3524000040 flags=0x3\n").parser;
    expect(leave.kind).toBe(lineKind.exit);
    expect(leave.exitFlags).toBe(3);
    expect(leave.tbKey).toBe(entry.tbKey);
    expect(parse("exec_tb_exit tb:(nil) flags=2\n").parser.exitFlags).toBe(2);
    expect(parse("exec_tb_exit tb:0x7f3524000080 flags=0x3\n").parser.tbKey).not.toBe(entry.tbKey);
  });
});

describe("stamps", () => {
  it.each([
    [
      "1@5.999999:exec_tb tb:0x1 pc=0x1\n",
      "1@1795218801.000001:exec_tb tb:0x1 pc=0x1\n",
      (1795218801 - 5) * 1e9 + 1000,
    ],
    ["1@1795218801999999999 exec_tb tb:0x1 pc=0x1\n", "1@1795218802000000003 exec_tb tb:0x1 pc=0x1\n", 1_000_000_003],
    [
      "2026-12-31T23:59:59.900000Z exec_tb tb:0x1 pc=0x1\n",
      "2027-01-01T00:00:01.100001Z exec_tb tb:0x1 pc=0x1\n",
      2_100_001_000,
    ],
  ])("count from the second of the first: %s", (first, second, expected) => {
    const parser = new LogLineParser();
    parser.setBytes(encode(first + second));
    parser.parse(parser.parse(0, first.length + second.length), first.length + second.length);
    expect(parser.stamp.time).toBe(expected);
  });
});

describe("-d exec lines", () => {
  it.each([
    ["7.2", "Trace 0: 0x7f3524000100 [00000000ffff0000/00000000fffffff0/00000040/ff000200] \n", 0, "fffffff0", true],
    ["10.0", "Trace 1: 0x7f3ad0000100 [ffff0000/00000000fffffff0/00000040/ff020000] \n", 1, "fffffff0", false],
    [
      "with a symbol",
      "Trace 12: 0x7f23118ca180 [0000000000000000/ffffffff819c3643/0040c2b0/ff000200] delay_tsc\n",
      12,
      "ffffffff819c3643",
      true,
    ],
    [
      "with a stamp",
      "2026-11-20T12:34:56.123456Z Trace 0: 0x7f2 [00000000/ffffffff819c3643/0040c2b0/ff000200] a b\n",
      0,
      "ffffffff819c3643",
      true,
    ],
    [
      "2.12 to 6.0",
      "Trace 0: 0x7f23118ca180 [0000000000000000/ffffffff819c3643/0x40c2b0] delay_tsc\n",
      0,
      "ffffffff819c3643",
      null,
    ],
    [
      "2.12 to 6.0, no flags",
      "Chain 3: 0x7f23118ca180 [0000000000000000/ffffffff819c3643/0] \n",
      3,
      "ffffffff819c3643",
      null,
    ],
    ["2.8 to 2.11", "Trace 0x7f23118ca180 [2: ffffffff819c3643] delay_tsc\n", 2, "ffffffff819c3643", null],
    ["to 2.7", "Trace 0x7f23118ca180 [ffffffff819c3643] delay_tsc\n", -1, "ffffffff819c3643", null],
    [
      "guest output before",
      "Run /initTrace 0: 0x7f3524000100 [00000000ffff0000/00000000fffffff0/00000040/ff000200] \n",
      0,
      "fffffff0",
      true,
    ],
  ])("are read: %s", (_, line, vcpu, expected, unchained) => {
    const { parser, next, pc } = parse(line);
    expect(parser.kind).toBe(lineKind.trace);
    expect(parser.vcpu).toBe(vcpu);
    expect(pc).toBe(expected);
    expect(parser.unchained).toBe(unchained);
    expect(next).toBe(line.length);
  });

  it.each([
    "Trace 0: 0x7f3524000100 [00000000ffff0000/00000000fff",
    "Trace 0: 0x7f3524000100 [00000000ffff0000/00000000fffffff0/00000040/ff0002\n",
    "Trace 0: 0x7f3524000100 [00000000ffff0000/xyz/00000040/ff000200] \n",
  ])("are torn: %s", (line) => expect(parse(line).parser.kind).toBe(lineKind.torn));

  it("tell what did not run, and what was chained", () => {
    const { parser, pc } = parse("Stopped execution of TB chain before 0x7f3524000100 [ffffffff819c3643] delay_tsc\n");
    expect(parser.kind).toBe(lineKind.stopped);
    expect(pc).toBe("ffffffff819c3643");
    expect(parse("Linking TBs 0x7f3524000100 [00fe05b] index 1 -> 0x7f35 [fe066]\n").parser.kind).toBe(
      lineKind.linking,
    );
  });

  it("are read the same after a line of the same shape", () => {
    const digits = fc.stringMatching(/^[0-9a-f]{16}$/);
    const line = fc.record({
      vcpu: fc.nat(11),
      pc: fc.oneof(
        digits,
        digits.map((text) => `ffffffff${text.slice(8)}`),
      ),
      base: fc.constantFrom("00000000ffff0000", "0000000000000000", "00000000"),
      cflags: fc.constantFrom("ff000200", "ff000000", "ff020200"),
      symbol: fc.constantFrom("", "delay_tsc"),
    });
    fc.assert(
      fc.property(fc.array(line, { minLength: 2, maxLength: 20 }), (lines) => {
        const texts = lines.map(
          ({ vcpu, pc, base, cflags, symbol }) =>
            `Trace ${vcpu}: 0x7f3524000100 [${base}/${pc}/00000040/${cflags}] ${symbol}\n`,
        );
        const text = texts.join("");
        const parser = new LogLineParser();
        parser.setBytes(encode(text));
        let at = 0;
        const read = lines.map(() => {
          at = parser.parse(at, text.length);
          return [parser.kind, parser.vcpu, parser.pcHigh >>> 0, parser.pcLow >>> 0, parser.unchained];
        });
        const expected = lines.map(({ vcpu, pc, cflags }) => [
          lineKind.trace,
          vcpu,
          parseInt(pc.slice(0, 8), 16),
          parseInt(pc.slice(8), 16),
          cflags.endsWith("200"),
        ]);
        expect(read).toEqual(expected);
        expect(at).toBe(text.length);
      }),
    );
  });
});

describe("any bytes", () => {
  const pieces = fc.constantFrom(
    "Trace ",
    "Chain ",
    "exec_tb",
    " tb:0x",
    "pc=",
    "exec_tb_exit ",
    "0: ",
    "[",
    "/",
    "]",
    "ffffffff",
    "\n",
    "\r\n",
    "\0",
    "5894@1795218801.476644:",
    "2026-11-20T12:34:56.123456Z ",
    "Stopped execution of TB chain before ",
    "Linking TBs 0x",
    "x",
  );

  it("are passed line by line, to their end", () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (list) => {
        const text = list.join("");
        const parser = new LogLineParser();
        parser.setBytes(encode(text));
        const ends: number[] = [];
        for (let at = 0; at < text.length;) {
          at = parser.parse(at, text.length);
          ends.push(at);
        }
        const expected = [...text.matchAll(/\n|.$/gs)].map(({ index }) => index + 1);
        expect(ends).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});
