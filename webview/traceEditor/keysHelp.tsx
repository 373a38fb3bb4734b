/** The keys, on `?`. */
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Button } from "../common/controls";
import type { Model } from "./model";

const keys: readonly (readonly [where: string, rows: readonly (readonly [keys: string, what: string])[]])[] = [
  [
    "Everywhere",
    [
      ["/", "Filter functions or events"],
      ["1, 2, 3", "Functions, Phases, Events"],
      ["Alt+Left, Alt+Right", "Back and forward through selections"],
      ["Esc", "Step out: range, filter, zoom"],
      ["?", "These keys"],
    ],
  ],
  [
    "Functions",
    [
      ["Up, Down, PgUp, PgDn, Home, End", "Move; with Shift select several rows"],
      ["Enter", "Open the source"],
      ["Ctrl+F", "Find; Enter or F3 next, with Shift previous"],
      ["Ctrl+A, Ctrl+C", "Select all, copy rows"],
    ],
  ],
  [
    "Events",
    [
      ["Enter", "In the list of names: only this event, or all again"],
      ["Ctrl+A, Ctrl+C", "Select all, copy rows"],
    ],
  ],
  [
    "Timeline",
    [
      ["Left, Right, Home, End", "Move the cursor; with Shift select"],
      ["W S, Up Down, wheel", "Zoom"],
      ["A D", "Pan"],
      ["F", "Zoom to the selection"],
      ["Enter", "Select the phase at the cursor"],
      ["Double click", "Show all"],
    ],
  ],
];

export function KeysHelp({ model }: { model: Model }): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const close = (): void => {
    model.keysShown.value = false;
  };
  return (
    <dialog class="keys" ref={dialog} onClose={close} aria-label="Keys" data-testid="keys">
      {keys.map(([where, rows]) => (
        <table key={where}>
          <caption>{where}</caption>
          <tbody>
            {rows.map(([key, what]) => (
              <tr key={key}>
                <th scope="row">{key}</th>
                <td>{what}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
      <Button kind="primary" onClick={close}>
        Close
      </Button>
    </dialog>
  );
}
