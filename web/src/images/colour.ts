/** Colours → grey: a film saved in colour is nearly grey; what is not is no film. */

import { notARadiograph } from './errors';
import { message, type Message } from './message';

// A pixel counts as coloured when its strongest and weakest primary differ by this many of 255.
// Python's images/colour.py says where the three numbers come from.
const COLOURED = 40;

/** Share of coloured pixels above which a picture is refused. */
const MAX_COLOURED = 0.1;

/** Share above which the colours are mentioned. */
const NOTICEABLE = 0.001;

/**
 * Luminance over black of interleaved 8-bit colours (red, green, blue, and alpha if there are
 * four channels), and a caution where there were colours.
 *
 * ITU-R BT.601 section 2.5.1: 0.299 red + 0.587 green + 0.114 blue.
 */
export function greyOfColours(colours: Uint8Array, channels: 3 | 4): { pixels: Float32Array<ArrayBuffer>; cautions: Message[] } {
  const share = colouredShare(colours, channels);
  if (share > MAX_COLOURED) {
    throw notARadiograph('image.colourPicture', { share: Math.round(100 * share), most: 100 * MAX_COLOURED });
  }
  const pixels = new Float32Array(colours.length / channels);
  for (let i = 0, at = 0; i < pixels.length; i++, at += channels) {
    // In thousandths, so that a grey pixel keeps its value exactly; each step rounded to 32 bits.
    const thousandths = 299 * colours[at] + 587 * colours[at + 1] + 114 * colours[at + 2];
    pixels[i] = thousandths / 255_000;
    if (channels === 4) pixels[i] *= Math.fround(colours[at + 3] / 255);
  }
  const cautions = share <= NOTICEABLE ? [] : [message('image.caution.colours', { share: (100 * share).toFixed(1) })];
  return { pixels, cautions };
}

/** Share of the pixels that are coloured, 0 to 1; see-through ones count as black. */
export function colouredShare(colours: Uint8Array, channels: 3 | 4): number {
  let n = 0;
  for (let at = 0; at < colours.length; at += channels) {
    const [red, green, blue] = [colours[at], colours[at + 1], colours[at + 2]];
    const alpha = channels === 4 ? colours[at + 3] : 255;
    const chroma = Math.max(red, green, blue) - Math.min(red, green, blue);
    if (chroma * alpha >= COLOURED * 255) n++;
  }
  return n / (colours.length / channels);
}
