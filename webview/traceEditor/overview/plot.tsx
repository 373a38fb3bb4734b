/** The part of the overview that is operated: hover, drag to select, wheel to zoom, and the same by keys. */
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Phase, TimeRange } from "../../../src/protocol/engine";
import type { Model } from "../model";
import { inside, makeRange, momentAt, pan, shareAt, withMargin, zoomAround } from "./ranges";

interface Props {
  readonly model: Model;
  readonly whole: TimeRange;
  readonly view: TimeRange;
  readonly phases: readonly Phase[];
  readonly description: string;
  readonly cursor: number | null;
  readonly onCursor: (moment: number | null) => void;
}

/** A drag shorter than this is a click. */
const dragPixels = 3;
const zoomStep = 0.7;
/** How far an arrow key moves the cursor, as a share of the view. */
const cursorStep = 0.01;

const percent = (share: number): string => `${(Math.min(1, Math.max(0, share)) * 100).toFixed(4)}%`;

export function Plot({ model, whole, view, phases, description, cursor, onCursor }: Props): VNode {
  const plot = useRef<HTMLDivElement>(null);
  const drag = useRef<{ x: number; moment: number } | null>(null);
  const draft = useSignal<TimeRange | null>(null);
  const selected = draft.value ?? model.selection.value.range;

  const shareOf = (event: MouseEvent): number => {
    const box = plot.current?.getBoundingClientRect();
    return box === undefined || box.width === 0 ? 0 : (event.clientX - box.left) / box.width;
  };
  const zoom = (center: number, factor: number): void => {
    model.zoom.value = zoomAround(view, whole, center, factor);
  };
  const showAll = (): void => {
    model.zoom.value = null;
    model.select({ range: null });
  };
  const moveCursor = (to: number, extend: boolean): void => {
    const moment = Math.min(whole.end, Math.max(whole.start, to));
    if (extend) {
      const { range } = model.selection.value;
      const from = cursor ?? moment;
      const anchor =
        range === null ? from : Math.abs(range.start - from) < Math.abs(range.end - from) ? range.end : range.start;
      if (anchor !== moment) model.select({ range: makeRange(anchor, moment) });
    }
    if (moment < view.start || moment > view.end) {
      model.zoom.value = inside(
        makeRange(moment - (view.end - view.start) / 2, moment + (view.end - view.start) / 2),
        whole,
      );
    }
    onCursor(moment);
  };
  const selectPhaseAt = (moment: number): void => {
    const phase = phases.findLast(({ start, end }) => start <= moment && moment <= end);
    if (phase !== undefined && phase.end > phase.start) model.select({ range: { start: phase.start, end: phase.end } });
  };

  // Passive listeners cannot keep the page from scrolling, so the wheel is listened to by hand.
  useEffect(() => {
    const element = plot.current;
    if (element === null) return undefined;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) model.zoom.value = pan(view, whole, event.deltaX / 1000);
      else zoom(momentAt(view, shareOf(event)), event.deltaY > 0 ? 1 / zoomStep : zoomStep);
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  });

  const onPointerDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    plot.current?.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, moment: momentAt(view, shareOf(event)) };
  };
  const onPointerMove = (event: PointerEvent): void => {
    const moment = momentAt(view, shareOf(event));
    onCursor(moment);
    if (drag.current !== null && Math.abs(event.clientX - drag.current.x) >= dragPixels) {
      draft.value = makeRange(drag.current.moment, moment);
    }
  };
  const onPointerUp = (): void => {
    drag.current = null;
    if (draft.value !== null) model.select({ range: draft.value });
    draft.value = null;
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const length = view.end - view.start;
    const at = cursor ?? (view.start + view.end) / 2;
    const actions: Record<string, () => void> = {
      ArrowLeft: () => moveCursor(at - length * cursorStep, event.shiftKey),
      ArrowRight: () => moveCursor(at + length * cursorStep, event.shiftKey),
      Home: () => moveCursor(whole.start, event.shiftKey),
      End: () => moveCursor(whole.end, event.shiftKey),
      ArrowUp: () => zoom(at, zoomStep),
      ArrowDown: () => zoom(at, 1 / zoomStep),
      w: () => zoom(at, zoomStep),
      s: () => zoom(at, 1 / zoomStep),
      a: () => (model.zoom.value = pan(view, whole, -0.2)),
      d: () => (model.zoom.value = pan(view, whole, 0.2)),
      f: () => {
        const { range } = model.selection.value;
        if (range !== null) model.zoom.value = withMargin(range, whole);
      },
      Enter: () => selectPhaseAt(at),
    };
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (!Object.hasOwn(actions, name)) return;
    event.preventDefault();
    actions[name]();
  };

  return (
    <div
      class="plot"
      ref={plot}
      role="application"
      tabIndex={0}
      aria-label={description}
      aria-roledescription="timeline"
      data-testid="timeline"
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerLeave={() => {
        if (drag.current === null) onCursor(null);
      }}
      onDblClick={showAll}
      onKeyDown={onKeyDown}
    >
      {selected !== null && shareAt(view, selected.end) >= 0 && shareAt(view, selected.start) <= 1 && (
        <>
          <div
            class="plot-outside"
            style={{ left: "0", right: `calc(100% - ${percent(shareAt(view, selected.start))})` }}
          />
          <div class="plot-outside" style={{ left: percent(shareAt(view, selected.end)), right: "0" }} />
          <div
            class="plot-selection"
            data-testid="timeline-selection"
            style={{
              left: percent(shareAt(view, selected.start)),
              right: `calc(100% - ${percent(shareAt(view, selected.end))})`,
            }}
          />
        </>
      )}
      {cursor !== null && shareAt(view, cursor) >= 0 && shareAt(view, cursor) <= 1 && (
        <div class="plot-cursor" style={{ left: percent(shareAt(view, cursor)) }} />
      )}
    </div>
  );
}
