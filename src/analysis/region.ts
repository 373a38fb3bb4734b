import type { Category } from "../protocol/engine";

/** A stretch of code that has no functions to name: it becomes one row, which says why. */
export interface Region {
  readonly name: string;
  readonly category: Category;
  /** Why there is no name. */
  readonly reason: string;
}

/** @param name without its brackets */
export const region = (name: string, category: Category, reason: string): Region => ({
  name: `[${name}]`,
  category,
  reason,
});
