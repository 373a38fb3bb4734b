// How many bytes the guest's loads from and stores to devices have, and to which devices they go.
//   -trace 'memory_region_ops_*'

/** @type {Map<string, number>} */
const counts = new Map();
const count = (what) => counts.set(what, (counts.get(what) ?? 0) + 1);

export default {
  memory_region_ops_read(cpu, mr, addr, value, size, name) {
    count(`load ${size} ${name}`);
  },

  memory_region_ops_write(cpu, mr, addr, value, size, name) {
    count(`store ${size} ${name}`);
  },

  end() {
    for (const [what, times] of [...counts].sort(([, a], [, b]) => b - a)) console.log(`${times} ${what}`);
  },
};
