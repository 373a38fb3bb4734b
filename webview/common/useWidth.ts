import { useMemo, useRef, useState } from "preact/hooks";

/** Width of an element's content, kept up to date. */
export function useWidth(): [(element: HTMLElement | null) => void, number] {
  const [width, setWidth] = useState(0);
  const observer = useRef<ResizeObserver | null>(null);
  const attach = useMemo(
    () => (element: HTMLElement | null) => {
      observer.current?.disconnect();
      if (element === null) return;
      observer.current = new ResizeObserver(([entry]) => setWidth(Math.round(entry.contentRect.width)));
      observer.current.observe(element);
    },
    [],
  );
  return [attach, width];
}
