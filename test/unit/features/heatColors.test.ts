import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/**
 * Text must stay readable on a hot line. Checked against the least contrasting common token colours of VS Code's default
 * themes: their comments, keywords and strings on the editor's background.
 */
const themes = {
  dark: { background: "#1f1f1f", tokens: ["#6a9955", "#569cd6", "#ce9178", "#cccccc"], least: 3 },
  light: { background: "#ffffff", tokens: ["#008000", "#0000ff", "#a31515", "#3b3b3b"], least: 3 },
  highContrast: { background: "#000000", tokens: ["#7ca668", "#569cd6", "#ce9178", "#ffffff"], least: 4.5 },
  highContrastLight: { background: "#ffffff", tokens: ["#515151", "#0f4a85", "#292929"], least: 4.5 },
} as const;

interface Manifest {
  contributes: { colors: { id: string; defaults: Record<keyof typeof themes, string> }[] };
}

const channels = (color: string): number[] =>
  [1, 3, 5, 7].map((at) => (at < color.length ? Number.parseInt(color.slice(at, at + 2), 16) / 255 : 1));

/** Relative luminance of WCAG 2. */
function luminance(color: readonly number[]): number {
  const [red, green, blue] = color.map((value) =>
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: readonly number[], b: readonly number[]): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** A colour with alpha over an opaque one. */
function over(color: string, background: string): number[] {
  const [red, green, blue, alpha] = channels(color);
  const below = channels(background);
  return [red, green, blue].map((value, channel) => value * alpha + below[channel] * (1 - alpha));
}

const manifest = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as Manifest;
const heat = manifest.contributes.colors.filter(({ id }) => id.startsWith("bootscope.heat"));

describe.each(Object.entries(themes))("heat colours, %s theme", (name, { background, tokens, least }) => {
  const colors = heat.map(({ defaults }) => defaults[name as keyof typeof themes]);

  it("has five steps that grow", () => {
    const alphas = colors.map((color) => channels(color)[3]);
    expect(alphas).toHaveLength(5);
    for (let step = 1; step < 5; step++) expect(alphas[step]).toBeGreaterThan(alphas[step - 1] + 0.03);
  });

  it.each(tokens)("keeps %s readable on the hottest line", (token) => {
    expect(contrast(channels(token).slice(0, 3), over(colors[4], background))).toBeGreaterThanOrEqual(least);
  });
});
