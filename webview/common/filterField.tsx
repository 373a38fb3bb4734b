import type { RefObject, VNode } from "preact";
import { TextField } from "./controls";

/** The filter above a table: Enter and Arrow Down go on to the rows that it leaves. */
export function FilterField({
  value,
  label,
  placeholder,
  field,
  table,
  testId,
  onInput,
}: {
  readonly value: string;
  readonly label: string;
  readonly placeholder: string;
  readonly field: RefObject<HTMLElement>;
  /** The `id` of the table. */
  readonly table: string;
  readonly testId: string;
  readonly onInput: (value: string) => void;
}): VNode {
  return (
    <TextField
      class="filter"
      value={value}
      label={label}
      placeholder={placeholder}
      icon="filter"
      field={field}
      data-testid={testId}
      onInput={onInput}
      onKeyDown={(event) => {
        if (event.key !== "ArrowDown" && event.key !== "Enter") return;
        event.preventDefault();
        document.querySelector<HTMLElement>(`[data-testid=${table}]`)?.focus();
      }}
    />
  );
}
