/**
 * Stored values → displayed luminance: the one rule of docs/concepts/displayed-pixels.md.
 *
 * Because stored values are at most 16 bits, the steps are computed once, in 64 bits, for each
 * possible value, rounded to 32 bits, and then looked up.
 */

export type Stored = Uint8Array | Uint16Array | Int16Array;

/** How many bits a stored value has (1 to 16), and whether it is signed (two's complement). */
export interface StoredBits {
  readonly bits: number;
  readonly isSigned: boolean;
}

/** Value = slope · stored + intercept. */
export interface Rescale {
  readonly kind: 'rescale';
  readonly slope: number;
  readonly intercept: number;
}

/** `first` is the value that gets the first entry; 2 ** bits - 1 is white. */
export interface LookupTable {
  readonly kind: 'table';
  readonly first: number;
  readonly bits: number;
  readonly entries: Uint16Array;
}

export type VoiFunction = 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';

export interface Window {
  readonly kind: 'window';
  readonly center: number;
  readonly width: number;
  readonly shape: VoiFunction;
}

/** Everything a header says about how its film is displayed. */
export interface Display {
  readonly modality: Rescale | LookupTable;
  /** Null = the header does not say which values are black and white. */
  readonly voi: Window | LookupTable | null;
  /** High values are dark: MONOCHROME1. */
  readonly isInverted: boolean;
  /** Stored values (lowest, highest) that are not part of the film; shown black. */
  readonly padding: readonly [number, number] | null;
}

/** Up to this depth a film without a window is a picture already: its whole range is shown. */
export const PLAIN_BITS = 8;

/** The lowest value that can be stored. */
export function lowest({ bits, isSigned }: StoredBits): number {
  return isSigned ? -(2 ** (bits - 1)) : 0;
}

/** The highest value that can be stored. */
export function highest(stored: StoredBits): number {
  return lowest(stored) + 2 ** stored.bits - 1;
}

/** The modality's value for a stored one. */
export function modalityValue(modality: Rescale | LookupTable, stored: number): number {
  return modality.kind === 'table' ? entry(modality, stored) : modality.slope * stored + modality.intercept;
}

/** The film as it would be displayed: 0 black, 1 white. Every stored value lies within `bits`. */
export function displayed(stored: Stored, bits: StoredBits, display: Display): Float32Array<ArrayBuffer> {
  const low = lowest(bits);
  const table = luminanceTable(stored, bits, display);
  const pixels = new Float32Array(stored.length);
  for (let i = 0; i < stored.length; i++) pixels[i] = table[stored[i] - low];
  return pixels;
}

/** The luminance of every value that can be stored. */
function luminanceTable(stored: Stored, bits: StoredBits, display: Display): Float32Array {
  const low = lowest(bits);
  const n = 2 ** bits.bits;
  const values = Float64Array.from({ length: n }, (_, i) => modalityValue(display.modality, low + i));
  const toLuminance = voiOf(display, values, () => occurring(stored, low, n, display));
  return Float32Array.from(values, (value, i) => {
    if (!isFilm(low + i, display)) return 0;
    const luminance = toLuminance(value);
    return clip(display.isInverted ? 1 - luminance : luminance, 0, 1);
  });
}

function voiOf({ voi }: Display, values: Float64Array, occurring: () => Uint8Array): (value: number) => number {
  if (voi?.kind === 'table') return (value) => entry(voi, value) / (2 ** voi.bits - 1);
  if (voi?.kind === 'window') return (value) => windowed(value, voi);
  if (values.length <= 2 ** PLAIN_BITS) return stretched(values);
  const occurs = occurring();
  return stretched(values.filter((_, i) => occurs[i] === 1));
}

/** Which of the values that can be stored occur, padding left out. */
function occurring(stored: Stored, low: number, n: number, display: Display): Uint8Array {
  const occurs = new Uint8Array(n);
  for (let i = 0; i < stored.length; i++) occurs[stored[i] - low] = 1;
  return occurs.map((flag, i) => (isFilm(low + i, display) ? flag : 0));
}

function isFilm(stored: number, { padding }: Display): boolean {
  return padding === null || stored < padding[0] || stored > padding[1];
}

/** The table's entry for a value, which is rounded half up to an integer first. */
function entry({ first, entries }: LookupTable, value: number): number {
  return entries[clip(Math.floor(value + 0.5) - first, 0, entries.length - 1)];
}

/** PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.1 (SIGMOID), C.11.2.1.3.2 (LINEAR_EXACT). */
function windowed(value: number, { center, width, shape }: Window): number {
  if (shape === 'LINEAR') return ramp(value, center - 0.5, width - 1);
  if (shape === 'LINEAR_EXACT') return ramp(value, center, width);
  // Ten widths from the center the curve is flat to 1e-17; the limit keeps exp() in range.
  const reach = clip(value - center, -10 * width, 10 * width) / width;
  return 1 / (1 + Math.exp(-4 * reach));
}

function ramp(value: number, center: number, width: number): number {
  if (width === 0) return value > center ? 1 : 0;
  return clip(value - center, -width / 2, width / 2) / width + 0.5;
}

/** From the lowest of `span` at 0 to the highest at 1; 0 everywhere where these are equal. */
function stretched(span: Float64Array): (value: number) => number {
  let low = Infinity;
  let high = -Infinity;
  for (const value of span) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high > low ? (value) => (value - low) / (high - low) : () => 0;
}

function clip(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
