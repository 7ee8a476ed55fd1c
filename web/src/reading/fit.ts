/** A film fitted into the network's square as the bundle's graph does; the twin of `fit` in plainfilm/reading/fast_engine.py. */
import type { FitPolicy } from '../types';
import type { Picture } from './polarity';

/** For each place of the square: where its first pixel is, and the weights of it and those after it. */
type Filter = { first: number; weights: number[] }[];

/** The S x S film that the graph would make: the triangle filter, widened where the film shrinks; in [0, 1]. */
export function fit(film: Picture, size: number, policy: FitPolicy): Float32Array<ArrayBuffer> {
  const { pixels, width, height } = film;
  const longest = { squash: 0, pad: Math.max(height, width), crop: Math.min(height, width) }[policy];
  const down = filterOf(height, longest || height, size);
  const across = filterOf(width, longest || width, size);
  const rows = new Float64Array(size * width);
  down.forEach(({ first, weights }, row) => {
    weights.forEach((weight, i) => {
      const from = (first + i) * width;
      for (let x = 0; x < width; x++) rows[row * width + x] += weight * pixels[from + x];
    });
  });
  const fitted = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    across.forEach(({ first, weights }, x) => {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i] * rows[y * width + first + i];
      fitted[y * size + x] = Math.min(1, Math.max(0, sum));
    });
  }
  return fitted;
}

/** `length` pixels lie in `side`: black around them where the side is longer, cut off where it is shorter. */
function filterOf(length: number, side: number, size: number): Filter {
  const before = Math.floor((side - length) / 2);
  const scale = side / size;
  const reach = Math.max(scale, 1);
  return Array.from({ length: size }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const low = Math.max(0, Math.floor(centre - reach - 0.5));
    const high = Math.min(side, Math.ceil(centre + reach + 0.5));
    const all = Array.from({ length: high - low }, (_, i) => Math.max(0, 1 - Math.abs(low + i + 0.5 - centre) / reach));
    const sum = all.reduce((total, weight) => total + weight, 0);
    const first = Math.min(length, Math.max(0, low - before));
    const end = Math.min(length, Math.max(first, high - before));
    const weights = Array.from({ length: end - first }, (_, i) => all[first + i + before - low] / sum);
    return { first, weights };
  });
}
