/** A text of which two lines are shown until the rest is asked for: the numbers below it are what a person came for. */
import type { VNode } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useWidth } from "../../common/useWidth";

export function LongText({ text }: { text: string }): VNode {
  const [isOpen, setOpen] = useState(false);
  const [isCut, setCut] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  const [attach, width] = useWidth();
  useLayoutEffect(() => {
    const element = box.current;
    if (element !== null && !isOpen) setCut(element.scrollHeight > element.clientHeight + 1);
  }, [text, width, isOpen]);
  return (
    <span ref={attach}>
      <span class={`long-text ${isOpen ? "" : "cut"}`} ref={box}>
        {text}
      </span>{" "}
      {isCut && (
        <button
          type="button"
          class="link"
          aria-expanded={isOpen}
          data-testid="trust-more"
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? "Show less" : "Show all of it"}
        </button>
      )}
    </span>
  );
}
