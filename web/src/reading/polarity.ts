/** Whether a film is shown inverted; the twin of plainfilm/reading/polarity.py, where it was measured. */
export const BODY_PARTS = ['chest', 'thorax', 'ribcage', 'knee'];

const INVERTED_BELOW = -0.1; // correlation
const N_CELLS = 8;
// Left half of the average chest, in standard deviations from the film's mean.
const LEFT_HALF = [
  [-1.8, -1.4, -0.9, 0.2],
  [-0.8, -0.2, -0.4, 0.1],
  [-0.7, 0.0, -0.8, 0.2],
  [-0.9, 0.0, -0.7, 0.7],
  [-1.0, 0.0, -0.1, 1.1],
  [-1.1, 0.1, 0.5, 1.4],
  [-1.2, 0.6, 1.3, 1.8],
  [-1.2, 1.1, 1.7, 2.0],
];
const AVERAGE = standardised(LEFT_HALF.flatMap((row) => [...row, ...row.toReversed()]));

export interface Picture {
  pixels: Float32Array;
  width: number;
  height: number;
}

/** Whether the film is more like the negative of a film; at least 8 x 8. */
export function looksInverted(film: Picture): boolean {
  return uprightness(film) < INVERTED_BELOW;
}

/** Correlation with the average chest, in [-1, 1]. */
export function uprightness(film: Picture): number {
  return mean(standardised(cellMeans(film)).map((value, cell) => value * AVERAGE[cell]));
}

function cellMeans({ pixels, width, height }: Picture): number[] {
  const edge = (length: number, index: number) => Math.floor((index * length) / N_CELLS);
  const means = [];
  for (let row = 0; row < N_CELLS; row++) {
    for (let column = 0; column < N_CELLS; column++) {
      const [top, bottom] = [edge(height, row), edge(height, row + 1)];
      const [left, right] = [edge(width, column), edge(width, column + 1)];
      let sum = 0;
      for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) sum += pixels[y * width + x];
      means.push(sum / ((bottom - top) * (right - left)));
    }
  }
  return means;
}

function standardised(cells: number[]): number[] {
  const middle = mean(cells);
  const spread = Math.sqrt(mean(cells.map((cell) => (cell - middle) ** 2)));
  return cells.map((cell) => (cell - middle) / Math.max(spread, 1e-6));
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
