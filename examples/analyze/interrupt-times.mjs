// How often and for how long each line of the interrupt controller was raised.
//   -trace 'pic_set_irq'

/** @type {Map<string, { raisedAt: bigint | null, times: number, nanoseconds: bigint }>} */
const lines = new Map();

export default class {
  pic_set_irq(time, master, irq, level) {
    const name = `${master === 1n ? "master" : "slave"} ${irq}`;
    const line = lines.get(name) ?? { raisedAt: null, times: 0, nanoseconds: 0n };
    lines.set(name, line);
    if (level !== 0n && line.raisedAt === null) {
      line.raisedAt = time;
      line.times++;
    } else if (level === 0n && line.raisedAt !== null) {
      line.nanoseconds += time - line.raisedAt;
      line.raisedAt = null;
    }
  }

  end() {
    for (const [name, { times, nanoseconds }] of [...lines].sort(([a], [b]) => (a < b ? -1 : 1))) {
      console.log(`${name}: raised ${times} times, ${nanoseconds} ns in all`);
    }
  }
}
