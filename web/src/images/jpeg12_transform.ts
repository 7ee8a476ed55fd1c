/**
 * The inverse cosine transform of 8 x 8 coefficients to 12-bit samples.
 *
 * The same integers, in the same order, as libjpeg's accurate one (jidctint.c, "islow"), after
 * Loeffler, Ligtenberg and Moschytz, "Practical fast 1-D DCT algorithms with 11 multiplications",
 * ICASSP 1989. In doubles, which hold them all exactly.
 */

/** Where in the block, row by row, the coefficient lies that comes as number i (T.81 figure A.6). */
export const ZIGZAG = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35,
  42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
] as const;

const ONE = 2 ** 13; // the constants below are times 8192
const KEPT = 2; // the first pass keeps one bit more, so that 12-bit samples fit into 32
const WHITE = 4095;
const MIDDLE = 2048;

/** The samples of dequantised coefficients, row by row. */
export function inverseTransform(coefficients: Float64Array): Uint16Array {
  const between = new Float64Array(64);
  for (let x = 0; x < 8; x++) pass(coefficients, between, { from: x, step: 8, divisor: ONE / KEPT });
  const rows = new Float64Array(64);
  for (let y = 0; y < 8; y++) pass(between, rows, { from: 8 * y, step: 1, divisor: ONE * KEPT * 8 });
  return Uint16Array.from(rows, (value) => Math.min(Math.max(value + MIDDLE, 0), WHITE));
}

interface Line {
  readonly from: number;
  readonly step: number;
  readonly divisor: number;
}

/** One line of eight, rounded half up after division. */
function pass(input: Float64Array, output: Float64Array, { from, step, divisor }: Line): void {
  const value = (i: number): number => input[from + i * step];
  const even = evenPart(value(0), value(2), value(4), value(6));
  const odd = oddPart(value(1), value(3), value(5), value(7));
  for (let i = 0; i < 4; i++) {
    output[from + i * step] = Math.floor((even[i] + odd[i]) / divisor + 0.5);
    output[from + (7 - i) * step] = Math.floor((even[i] - odd[i]) / divisor + 0.5);
  }
}

function evenPart(v0: number, v2: number, v4: number, v6: number): readonly [number, number, number, number] {
  const turn = (v2 + v6) * 4433;
  const low = turn - v6 * 15137;
  const high = turn + v2 * 6270;
  const sum = (v0 + v4) * ONE;
  const difference = (v0 - v4) * ONE;
  return [sum + high, difference + low, difference - low, sum - high];
}

function oddPart(v1: number, v3: number, v5: number, v7: number): readonly [number, number, number, number] {
  const turn = (v7 + v3 + v5 + v1) * 9633;
  const a = (v7 + v1) * -7373;
  const b = (v5 + v3) * -20995;
  const c = (v7 + v3) * -16069 + turn;
  const d = (v5 + v1) * -3196 + turn;
  return [v1 * 12299 + a + d, v3 * 25172 + b + c, v5 * 16819 + b + d, v7 * 2446 + a + c];
}
