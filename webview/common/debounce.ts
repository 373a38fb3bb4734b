/** Runs `action` once, `delayMs` after the last call. `flush` runs what is waiting at once. */
export function debounce(action: () => void, delayMs: number): { (): void; flush(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = (): void => {
    timer = undefined;
    action();
  };
  const call = (): void => {
    clearTimeout(timer);
    timer = setTimeout(run, delayMs);
  };
  return Object.assign(call, {
    flush: () => {
      if (timer === undefined) return;
      clearTimeout(timer);
      run();
    },
  });
}
