/** How the categories of code look: a theme colour and a pattern each, so that colour is never the only difference. */
import { Category } from "../../../src/protocol/engine";
import { isHighContrast, opaque, themeColor } from "../../common/theme";

export interface CategoryStyle {
  readonly category: Category;
  readonly label: string;
  readonly hint: string;
}

/** From the bottom of the stack upwards. */
export const categoryStyles: readonly CategoryStyle[] = [
  { category: Category.Kernel, label: "kernel", hint: "The kernel image itself" },
  { category: Category.Module, label: "modules", hint: "Loaded kernel modules" },
  { category: Category.User, label: "user", hint: "User space processes" },
  { category: Category.Decompressor, label: "decompressor", hint: "The kernel unpacking itself" },
  { category: Category.Firmware, label: "firmware", hint: "BIOS, UEFI, option ROMs and boot loader" },
  { category: Category.Unknown, label: "unknown", hint: "Addresses that nothing is known about" },
];

const colors: Record<Category, readonly [names: readonly string[], fallback: string]> = {
  [Category.Kernel]: [["--vscode-charts-blue"], "#3794ff"],
  [Category.Module]: [["--vscode-charts-purple"], "#b180d7"],
  [Category.User]: [["--vscode-charts-green"], "#89d185"],
  [Category.Firmware]: [["--vscode-charts-orange"], "#d18616"],
  [Category.Decompressor]: [["--vscode-charts-yellow"], "#cca700"],
  [Category.Unknown]: [["--vscode-descriptionForeground", "--vscode-charts-foreground"], "#888888"],
};

export const categoryColor = (category: Category): string => opaque(themeColor(...colors[category]));

/** Strokes on a tile of eight by eight pixels: [x1, y1, x2, y2]. The kernel, the largest area, stays plain. */
const strokes: Record<Category, readonly (readonly [number, number, number, number])[]> = {
  [Category.Kernel]: [],
  [Category.Module]: [[-2, 10, 10, -2]],
  [Category.User]: [[4, 0, 4, 8]],
  [Category.Firmware]: [[0, 4, 8, 4]],
  [Category.Decompressor]: [[-2, -2, 10, 10]],
  [Category.Unknown]: [
    [-2, 10, 10, -2],
    [-2, -2, 10, 10],
  ],
};

/** The fill of a category's area, for any canvas. */
export function categoryFill(category: Category): CanvasPattern | string {
  const color = categoryColor(category);
  const tile = document.createElement("canvas");
  tile.width = 8;
  tile.height = 8;
  const context = tile.getContext("2d");
  if (context === null) return color;
  context.fillStyle = color;
  context.globalAlpha = category === Category.Unknown ? 0.15 : isHighContrast() ? 0.35 : 0.55;
  context.fillRect(0, 0, 8, 8);
  context.globalAlpha = 0.9;
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.beginPath();
  for (const [x1, y1, x2, y2] of strokes[category]) {
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
  }
  context.stroke();
  return context.createPattern(tile, "repeat") ?? color;
}
