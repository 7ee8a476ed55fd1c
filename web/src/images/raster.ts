/** Decoded PNG and JPEG → displayed pixels: docs/concepts/displayed-pixels.md, "PNG, JPEG, TIFF". */

import { greyOfColours } from './colour';
import { message, type Message } from './message';
import { upright, type Orientation, type Plane } from './orientation';

interface Stored {
  readonly width: number;
  readonly height: number;
  readonly orientation: Orientation;
}

/** Grey levels, `depth` bits each (8 or 16). */
export interface GreyRaster extends Stored {
  readonly channels: 1;
  readonly depth: 8 | 16;
  readonly samples: Uint8Array | Uint16Array;
}

/** Interleaved 8-bit red, green, blue, and alpha (not premultiplied) if there are four channels. */
export interface ColourRaster extends Stored {
  readonly channels: 3 | 4;
  readonly samples: Uint8Array;
}

export type Raster = GreyRaster | ColourRaster;

// Below a quarter of 16 bits nothing is brighter than dark grey: no film is displayed like that, but
// 8-, 10-, 12- and 14-bit films are often stored like that.
const FEWER_BITS = 14;

/** The upright luminance of a raster, and what to tell about it. */
export function displayedRaster(raster: Raster): Plane & { cautions: Message[] } {
  const { pixels, cautions } = raster.channels === 1 ? greyLuminance(raster) : greyOfColours(raster.samples, raster.channels);
  return { ...upright({ pixels, width: raster.width, height: raster.height }, raster.orientation), cautions };
}

function greyLuminance({ samples, depth }: GreyRaster): { pixels: Float32Array<ArrayBuffer>; cautions: Message[] } {
  const used = depth === 16 ? bitsUsed(samples) : depth;
  const isShallow = depth === 16 && used <= FEWER_BITS;
  const bits = isShallow ? Math.max(used, 8) : depth;
  const white = 2 ** bits - 1;
  const pixels = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) pixels[i] = samples[i] / white;
  return { pixels, cautions: isShallow ? [message('image.caution.fewerBits', { bits })] : [] };
}

function bitsUsed(samples: Uint8Array | Uint16Array): number {
  let highest = 0;
  for (let i = 0; i < samples.length; i++) if (samples[i] > highest) highest = samples[i];
  return 32 - Math.clz32(highest);
}
