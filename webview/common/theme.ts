/** The theme as a canvas needs it: real colours, read again whenever VS Code changes them. */
import { signal } from "@preact/signals";

/** Grows with every change of theme; whoever draws with theme colours reads it. */
export const themeRevision = signal(0);

/** VS Code rewrites the root's style and the body's class when the theme changes. Watches for as long as the page lives. */
export function watchTheme(): void {
  const observer = new MutationObserver(() => {
    themeRevision.value++;
  });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style", "class"] });
  observer.observe(document.body, { attributes: true, attributeFilter: ["class", "data-vscode-theme-id"] });
}

/** The first of these CSS variables that has a value. High-contrast themes leave many empty. */
export function themeColor(names: readonly string[], fallback: string): string {
  const style = getComputedStyle(document.documentElement);
  for (const name of names) {
    const value = style.getPropertyValue(name).trim();
    if (value !== "") return value;
  }
  return fallback;
}

export const isHighContrast = (): boolean =>
  document.body.classList.contains("vscode-high-contrast") ||
  document.body.classList.contains("vscode-high-contrast-light");

export const isLight = (): boolean =>
  document.body.classList.contains("vscode-light") || document.body.classList.contains("vscode-high-contrast-light");
