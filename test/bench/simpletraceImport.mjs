// Importing QEMU's binary simple traces against QEMU's own simpletrace.py.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";
import { ensureQemuSource } from "../../scripts/environment/qemuSource.mjs";
import { inTurns, ratio, seconds, secondsOf } from "./measure.mjs";

/** For us; simpletrace.py gets the beginning only, as it takes minutes for all. */
export const records = 80_000_000;
const pythonRecords = 500_000;
/** Of the times that are those of scripts. */
const pythonNames = { counting: true, printing: true };
const recordBytes = 48;
/** So many records come before the same code runs again. */
const batch = 5_000_000;
const execTbId = 7n;

/** What people write to count blocks; in this release of QEMU, methods named after events fail with Python 3.11 and newer. */
const analyzer = `
import sys
sys.path.insert(0, sys.argv.pop(1))
import simpletrace
class Count(simpletrace.Analyzer):
    def begin(self): self.counts = {}
    def catchall(self, event, rec): self.counts[rec[4]] = self.counts.get(rec[4], 0) + 1
    def end(self): print(len(self.counts))
simpletrace.run(Count())
`;

function header() {
  const name = Buffer.from("exec_tb");
  const head = Buffer.alloc(24 + 20 + name.length);
  [2n ** 64n - 1n, 0xf2b177cb0aa429b4n, 4n, 0n, execTbId].forEach((word, at) => head.writeBigUInt64LE(word, at * 8));
  head.writeUInt32LE(name.length, 40);
  name.copy(head, 44);
  return head;
}

/** Addresses of blocks as code has them: loops of a few blocks, one after the other, some of them again. */
function* programCounters() {
  let state = 1;
  const random = (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (;;) {
    const start = random(4000) * 64;
    const length = 1 + random(8);
    for (let times = 1 + random(50); times > 0; times--) {
      for (let block = 0; block < length; block++) yield 0xffffffff81000000n + BigInt(start + block * 16);
    }
  }
}

/** Records as QEMU writes them; `stamp` gives them their times. */
function recordsOfCode(count) {
  const bytes = Buffer.alloc(count * recordBytes);
  const counters = programCounters();
  for (let at = 0; at < bytes.length; at += recordBytes) {
    const programCounter = counters.next().value;
    bytes.writeBigUInt64LE(1n, at);
    bytes.writeBigUInt64LE(execTbId, at + 8);
    bytes.writeUInt32LE(40, at + 24);
    bytes.writeUInt32LE(4242, at + 28);
    bytes.writeBigUInt64LE(0x7f3524000000n + (programCounter & 0xffffffn), at + 32);
    bytes.writeBigUInt64LE(programCounter, at + 40);
  }
  return bytes;
}

/** Nanoseconds: from the first record on, one each 40. */
function stamp(bytes, first) {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  for (let index = 0; index * recordBytes < bytes.length; index++) {
    const time = 1_000_000 + (first + index) * 40;
    const at = (index * recordBytes + 16) / 4;
    words[at] = time % 2 ** 32;
    words[at + 1] = Math.floor(time / 2 ** 32);
  }
}

/** Writes so many records, the same code again and again. */
export async function writeTrace(file, count) {
  const output = await open(file, "w");
  try {
    await output.write(header());
    const bytes = recordsOfCode(Math.min(count, batch));
    for (let written = 0; written < count; written += batch) {
      stamp(bytes, written);
      await output.write(bytes);
    }
  } finally {
    await output.close();
  }
}

export async function measureSimpletraceImport({ cli, folder, rounds }) {
  const source = await ensureQemuSource();
  const own = path.join(folder, "simpletrace");
  mkdirSync(own);
  const [whole, beginning] = [path.join(own, "trace-1"), path.join(own, "trace-2")];
  await writeTrace(whole, records);
  await writeTrace(beginning, pythonRecords);
  const events = path.join(own, "trace-events");
  const counter = path.join(own, "count.py");
  writeFileSync(events, 'exec_tb(void *tb, uintptr_t pc) "tb:%p pc=0x%"PRIxPTR\n');
  writeFileSync(counter, analyzer);
  const scripts = path.join(source, "scripts");
  const cache = path.join(own, "cache");
  const tableOf = async () => {
    rmSync(cache, { recursive: true, force: true });
    return secondsOf(process.execPath, [cli, "functions", whole, "--limit", "10"], { env: { XDG_CACHE_HOME: cache } });
  };
  const times = await inTurns(rounds, {
    counting: () => secondsOf("python3", [counter, scripts, events, beginning]),
    printing: () => secondsOf("python3", [path.join(scripts, "simpletrace.py"), events, beginning]),
    ours: () => secondsOf(process.execPath, [cli, "import", whole, "-o", path.join(own, "trace.bst")]),
    table: tableOf,
    text: () => secondsOf(process.execPath, [cli, "events", "--text", "--trace-events", events, whole]),
  });
  const rate = (name) => (name in pythonNames ? pythonRecords : records) / times[name];
  const millions = (name) => `${(rate(name) / 1e6).toFixed(name in pythonNames ? 3 : 1)} M records/s`;
  const against = (what, name, script, target) => ({
    what,
    measured: `${ratio(rate(name) / rate(script))} (${millions(name)} : ${millions(script)})`,
    target,
  });
  return [
    {
      what: `importing a simple trace of ${records / 1e6} M records`,
      measured: `${millions("ours")} (${seconds(times.ours)})`,
      target: "≥ 50 M/s",
    },
    against("the same against what simpletrace.py prints", "ours", "printing", "≥ 200x"),
    against("import and table of counts, against an Analyzer that counts", "table", "counting", ""),
    against("import alone, against the same Analyzer", "ours", "counting", ""),
    against("events --text against what simpletrace.py prints", "text", "printing", ""),
  ];
}
