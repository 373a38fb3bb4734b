/**
 * The page's controls. The only file that knows where they come from (@vscode/webview-ui-toolkit, which is archived):
 * changing the kit is changing this file.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodePanels,
  vsCodePanelTab,
  vsCodePanelView,
  vsCodeProgressRing,
  vsCodeTextField,
} from "@vscode/webview-ui-toolkit";
import { h, type ComponentChildren, type RefObject, type VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Makes the elements known to the browser. Once, before anything is rendered. */
export function registerControls(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeCheckbox(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodePanels(),
    vsCodePanelTab(),
    vsCodePanelView(),
    vsCodeProgressRing(),
    vsCodeTextField(),
  );
}

/** A custom element: attributes and listeners by their DOM names. */
const element = (
  name: string,
  attributes: Readonly<Record<string, unknown>>,
  ...children: ComponentChildren[]
): VNode => h(name, attributes, ...children) as VNode;

interface Common {
  readonly class?: string;
  readonly title?: string;
  readonly "data-testid"?: string;
}

export function Button({
  kind = "secondary",
  icon,
  label,
  children,
  ...rest
}: Common & {
  kind?: "primary" | "secondary" | "icon";
  /** A codicon before the text, or alone in an icon button. */
  icon?: string;
  /** For screen readers; needed where there is no text. */
  label?: string;
  disabled?: boolean;
  "aria-expanded"?: boolean;
  "aria-haspopup"?: "menu";
  "aria-pressed"?: boolean;
  onClick: (event: Event) => void;
  children?: ComponentChildren;
}): VNode {
  const image =
    icon === undefined ? null : (
      <span class={`codicon codicon-${icon}`} slot={children === undefined ? undefined : "start"} aria-hidden="true" />
    );
  const attributes = {
    appearance: kind,
    ...(label === undefined ? {} : { "aria-label": label, title: label }),
    ...rest,
  };
  return element("vscode-button", attributes, image, children);
}

export function ProgressRing(props: Common): VNode {
  return element("vscode-progress-ring", { "aria-label": "Working", ...props });
}

export function Checkbox({
  checked,
  onChange,
  children,
  ...rest
}: Common & {
  checked: boolean;
  onChange: (checked: boolean) => void;
  children: ComponentChildren;
}): VNode {
  const box = useRef<HTMLElement & { checked: boolean }>(null);
  useEffect(() => {
    if (box.current !== null && box.current.checked !== checked) box.current.checked = checked;
  }, [checked]);
  const attributes = {
    ...rest,
    ref: box,
    // The element tells of changes by the page as well as by the person.
    onChange: () => {
      if (box.current !== null && box.current.checked !== checked) onChange(box.current.checked);
    },
  };
  return element("vscode-checkbox", attributes, children);
}

export interface Option<Value extends string> {
  readonly value: Value;
  readonly label: string;
}

export function Dropdown<Value extends string>({
  value,
  options,
  label,
  onChange,
  ...rest
}: Common & {
  value: Value;
  options: readonly Option<Value>[];
  label: string;
  onChange: (value: Value) => void;
}): VNode {
  const dropdown = useRef<HTMLElement & { value: string }>(null);
  useEffect(() => {
    // The element knows its options only some time after they were added; until then it takes the one marked as selected.
    if (dropdown.current !== null && dropdown.current.value !== value) dropdown.current.value = value;
  }, [value]);
  const attributes = {
    ...rest,
    ref: dropdown,
    "aria-label": label,
    onChange: () => {
      const chosen = options.find((option) => option.value === dropdown.current?.value);
      if (chosen !== undefined && chosen.value !== value) onChange(chosen.value);
    },
  };
  return element(
    "vscode-dropdown",
    attributes,
    options.map((option) =>
      element(
        "vscode-option",
        { key: option.value, value: option.value, selected: option.value === value },
        option.label,
      ),
    ),
  );
}

export function TextField({
  value,
  label,
  placeholder,
  icon,
  field,
  onInput,
  onKeyDown,
  ...rest
}: Common & {
  value: string;
  label: string;
  placeholder: string;
  icon: string;
  /** For focusing it. */
  field: RefObject<HTMLElement>;
  onInput: (value: string) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}): VNode {
  const attributes = {
    ...rest,
    ref: field,
    value,
    placeholder,
    "aria-label": label,
    onInput: (event: Event) => onInput((event.target as HTMLInputElement).value),
    onKeyDown,
  };
  return element(
    "vscode-text-field",
    attributes,
    <span slot="start" class={`codicon codicon-${icon}`} aria-hidden="true" />,
  );
}

export interface TabDefinition<Id extends string> {
  readonly id: Id;
  readonly label: string;
}

/** Tabs with their panels; only the active panel has content. */
export function Tabs<Id extends string>({
  active,
  tabs,
  label,
  onChange,
  children,
}: {
  active: Id;
  tabs: readonly TabDefinition<Id>[];
  label: string;
  onChange: (id: Id) => void;
  children: ComponentChildren;
}): VNode {
  const attributes = {
    activeid: `tab-${active}`,
    "aria-label": label,
    onChange: (event: Event) => {
      const id = (event.currentTarget as HTMLElement & { activeid: string }).activeid;
      const chosen = tabs.find((tab) => `tab-${tab.id}` === id);
      // The event bubbles up from controls inside the panels too.
      if (chosen !== undefined && chosen.id !== active) onChange(chosen.id);
    },
  };
  return element(
    "vscode-panels",
    attributes,
    tabs.map((tab) =>
      element("vscode-panel-tab", { key: tab.id, id: `tab-${tab.id}`, "data-testid": `tab-${tab.id}` }, tab.label),
    ),
    tabs.map((tab) =>
      element(
        "vscode-panel-view",
        { key: `view-${tab.id}`, id: `view-${tab.id}` },
        tab.id === active ? children : null,
      ),
    ),
  );
}
