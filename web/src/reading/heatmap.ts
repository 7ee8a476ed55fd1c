/** A map laid over the film, and its colours; the twin of plainfilm/reading/heatmap.py. */
import type { FitPolicy } from '../types';

export const OPACITY = 0.6; // of the colours where the heatmap is at full strength
export const N_COLOURS = 256;

const LIGHTNESS = [0.35, 0.93];
const HUE = [-45, 105];
const CHROMA = 0.16;

export interface HeatGrid {
  values: Float32Array;
  height: number;
  width: number;
}

interface Cells {
  before: Int32Array;
  share: Float32Array;
  inside: Uint8Array;
}

/** Signed heat for each pixel of `shape`, bilinear between the centres of the map's cells. */
export function heatmap(map: HeatGrid, shape: { height: number; width: number }, policy: FitPolicy): Float32Array {
  const { height, width } = shape;
  const square = { squash: 0, pad: Math.max(height, width), crop: Math.min(height, width) }[policy];
  const rows = cells(map.height, height, square || height);
  const columns = cells(map.width, width, square || width);
  const heat = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    if (!rows.inside[y]) continue;
    const above = rows.before[y] * map.width;
    const below = Math.min(rows.before[y] + 1, map.height - 1) * map.width;
    const down = rows.share[y];
    for (let x = 0; x < width; x++) {
      if (!columns.inside[x]) continue;
      const left = columns.before[x];
      const right = Math.min(left + 1, map.width - 1);
      const across = columns.share[x];
      const one = map.values[above + left] * (1 - down) + map.values[below + left] * down;
      const other = map.values[above + right] * (1 - down) + map.values[below + right] * down;
      heat[y * width + x] = one * (1 - across) + other * across;
    }
  }
  return heat;
}

/** The colour of heat, and how much of it is laid over the film: RGBA, not premultiplied. */
export function heatColours(heat: Float32Array, displayMax: number, opacity = OPACITY): Uint8ClampedArray<ArrayBuffer> {
  const colours = ramp();
  const painted = new Uint8ClampedArray(4 * heat.length);
  for (let i = 0; i < heat.length; i++) {
    const strength = Math.min(1, Math.max(0, heat[i] / displayMax));
    const step = Math.round(strength * (N_COLOURS - 1));
    painted[4 * i] = colours[3 * step];
    painted[4 * i + 1] = colours[3 * step + 1];
    painted[4 * i + 2] = colours[3 * step + 2];
    painted[4 * i + 3] = (255 * opacity * step) / (N_COLOURS - 1);
  }
  return painted;
}

let colours: Uint8Array | null = null;

/** The colours, weakest first: 256 x RGB. */
export function ramp(): Uint8Array {
  if (colours !== null) return colours;
  colours = new Uint8Array(3 * N_COLOURS);
  for (let i = 0; i < N_COLOURS; i++) colours.set(colour(i / (N_COLOURS - 1)), 3 * i);
  return colours;
}

/** Oklab to sRGB (Ottosson 2020; IEC 61966-2-1). */
function colour(strength: number): number[] {
  const lightness = LIGHTNESS[0] + (LIGHTNESS[1] - LIGHTNESS[0]) * strength;
  const hue = ((HUE[0] + (HUE[1] - HUE[0]) * strength) * Math.PI) / 180;
  const [a, b] = [CHROMA * Math.cos(hue), CHROMA * Math.sin(hue)];
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short,
  ].map((linear) => {
    const light = Math.min(1, Math.max(0, linear));
    return Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
  });
}

function cells(count: number, length: number, square: number): Cells {
  const before = new Int32Array(length);
  const share = new Float32Array(length);
  const inside = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const centre = i + 0.5 + Math.floor((square - length) / 2);
    const place = Math.min(count - 1, Math.max(0, (centre * count) / square - 0.5));
    before[i] = Math.floor(place);
    share[i] = place - before[i];
    inside[i] = centre > 0 && centre < square ? 1 : 0;
  }
  return { before, share, inside };
}
