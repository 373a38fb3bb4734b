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

/** The same colour without transparency: some themes make chart colours so transparent that they cannot be told apart. */
export function opaque(color: string): string {
  const context = document.createElement("canvas").getContext("2d");
  if (context === null) return color;
  context.fillStyle = color;
  // A canvas writes every colour with transparency as "rgba(r, g, b, a)".
  return context.fillStyle.replace(/^rgba\((.*), [\d.]+\)$/, "rgb($1)");
}

/** The same colour as a line that stays behind the data. High-contrast themes have no such colour of their own. */
export const faint = (color: string): string => `color-mix(in srgb, ${color} 20%, transparent)`;

export const isHighContrast = (): boolean =>
  document.body.classList.contains("vscode-high-contrast") ||
  document.body.classList.contains("vscode-high-contrast-light");
