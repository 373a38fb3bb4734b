/**
 * Whole numbers for `values` that add up to the rounded sum: each running sum is rounded, and its steps are the answer, so
 * that no value is off by one or more. Values must not be negative.
 */
export function roundedToSum(values: Float64Array): Float64Array {
  const rounded = new Float64Array(values.length);
  let sum = 0;
  let before = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i];
    const after = Math.round(sum);
    rounded[i] = after - before;
    before = after;
  }
  return rounded;
}

export function sumOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
