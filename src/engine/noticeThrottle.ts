/** Least time between two notices of a kind, in milliseconds. */
const interval = 200;

/** Lets a kind of notice through at most five times a second; the others are dropped. */
export function noticeThrottle(now: () => number = () => performance.now()): (kind: string, send: () => void) => void {
  const last = new Map<string, number>();
  return (kind, send) => {
    const time = now();
    if (time - (last.get(kind) ?? -Infinity) < interval) return;
    last.set(kind, time);
    send();
  };
}
