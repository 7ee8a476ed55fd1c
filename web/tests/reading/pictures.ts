/** Drawn films that Python computes as well: scripts/write_page_vectors.py. */
import type { Picture } from '../../src/reading/polarity';

type Formula = (x: number, y: number, width: number, height: number) => number;

function chest(x: number, y: number, width: number, height: number): number {
  const [u, v] = [x / width - 0.5, y / height];
  return Math.min(1, Math.max(0, Math.exp(-((u / 0.16) ** 2)) * 0.6 + 0.5 * v ** 2 - 0.25 * Math.abs(u)));
}

const FORMULAS: Record<string, Formula> = {
  slope: (x, y, width, height) => (x + y) / (width + height - 2),
  flat: () => 0.5,
  noise: (x, y) => ((73 * x ** 2 + 151 * y * (x + 7)) % 251) / 250,
  levels: (x, _y, width) => Math.floor((8 * x) / width) / 8,
  faint: (x, y, width, height) => 0.5 + (0.05 * x) / width + (0.04 * y) / height,
  chest,
  negative: (x, y, width, height) => 1 - chest(x, y, width, height),
};

export function picture(formula: string, height: number, width: number): Picture & { pixels: Float32Array<ArrayBuffer> } {
  const pixels = Float32Array.from({ length: height * width }, (_, i) => {
    return FORMULAS[formula](i % width, Math.floor(i / width), width, height);
  });
  return { pixels, width, height };
}
