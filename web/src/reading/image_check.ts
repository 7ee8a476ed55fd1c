/** Whether the picture itself can be a film; the twin of `check_image` in plainfilm/reading/gate.py. */
import { fixed, general } from './numbers';
import { BODY_PARTS, looksInverted, type Picture } from './polarity';

export interface Check {
  cautions: string[];
  refusal: string | null;
}

const MIN_SIDE = 64; // pixels
const FAINT = 0.1; // spread of the middle 90 % of the grey values
const BLANK = 0.02;
const FEW_LEVELS = 16;
const NOISE = 0.5; // likeness of neighbouring pixels
const LONG = 4;
const VERY_LONG = 8;
const THIN = 256; // pixels along the shorter side that suffice for the statistics

/** Refused: too small, one grey, noise, a strip. Cautioned: small, faint, few greys, long, inverted. */
export function checkImage(film: Picture, inputSize: number | null, bodyPart: string | null): Check {
  const thin = thinned(film);
  const sorted = thin.pixels.slice().sort();
  const spread = percentile(sorted, 95) - percentile(sorted, 5);
  const refusal = sizeRefusal(film) ?? contentRefusal(thin, spread);
  if (refusal !== null) return { cautions: [], refusal };
  const { width, height } = film;
  const cautions = [];
  if (inputSize !== null && Math.min(height, width) < inputSize) {
    const sizes = `${width} x ${height}; the network looks at ${inputSize} x ${inputSize}`;
    cautions.push(`the film is small (${sizes}), so fine detail is missing`);
  }
  if (proportion(film) > LONG) {
    cautions.push(`the film is unusually long (${width} x ${height}); it may be cut or joined`);
  }
  if (spread < FAINT) {
    cautions.push(`the film is faint: most of it lies within ${fixed(100 * spread, 0)}% of the greys`);
  }
  const levels = distinct(sorted);
  if (levels < FEW_LEVELS) {
    cautions.push(`the picture has only ${levels} grey levels; it may be a drawing or a text`);
  }
  return { cautions: [...cautions, ...inverted(film, bodyPart)], refusal: null };
}

function sizeRefusal(film: Picture): string | null {
  const { width, height } = film;
  if (Math.min(height, width) < MIN_SIDE) {
    return `too small: ${width} x ${height} pixels; at least ${MIN_SIDE} x ${MIN_SIDE}`;
  }
  if (proportion(film) > VERY_LONG) {
    return `too long for a film: ${width} x ${height} pixels; at most ${general(VERY_LONG)} to 1`;
  }
  return null;
}

function contentRefusal(thin: Picture, spread: number): string | null {
  if (spread < BLANK) return 'nothing on it: nearly all of the picture is one grey';
  if (neighbourLikeness(thin) < NOISE) {
    return 'noise: neighbouring pixels have nothing in common, on no film it is so';
  }
  return null;
}

function inverted(film: Picture, bodyPart: string | null): string[] {
  if ((bodyPart !== null && !BODY_PARTS.includes(bodyPart)) || !looksInverted(film)) return [];
  if (bodyPart === null) {
    return [
      'the film looks inverted (bone dark, air white), if it is a chest or a knee: then ' +
        'invert it first; if it is not, name the body part',
    ];
  }
  return ['the film looks inverted (bone dark, air white); if it is, invert it first'];
}

function thinned({ pixels, width, height }: Picture): Picture {
  const step = Math.max(1, Math.floor(Math.min(width, height) / THIN));
  if (step === 1) return { pixels, width, height };
  const [across, down] = [Math.ceil(width / step), Math.ceil(height / step)];
  const kept = new Float32Array(across * down);
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) kept[y * across + x] = pixels[y * step * width + x * step];
  }
  return { pixels: kept, width: across, height: down };
}

function percentile(sorted: Float32Array, percent: number): number {
  const place = ((sorted.length - 1) * percent) / 100;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

function distinct(sorted: Float32Array): number {
  let count = 1;
  for (let i = 1; i < sorted.length; i++) if (sorted[i] !== sorted[i - 1]) count++;
  return count;
}

/** The correlation of each pixel with the next, along the direction where it is less. */
function neighbourLikeness({ pixels, width, height }: Picture): number {
  let sum = 0;
  for (const value of pixels) sum += value;
  const middle = sum / pixels.length;
  let [squares, down, across] = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = pixels[y * width + x] - middle;
      squares += value * value;
      if (y > 0) down += value * (pixels[(y - 1) * width + x] - middle);
      if (x > 0) across += value * (pixels[y * width + x - 1] - middle);
    }
  }
  const least = Math.min(down / ((height - 1) * width), across / (height * (width - 1)));
  return least / (squares / pixels.length);
}

function proportion({ width, height }: Picture): number {
  return Math.max(height, width) / Math.min(height, width);
}
