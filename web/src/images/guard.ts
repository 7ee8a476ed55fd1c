/** What no file may do to its reader: be absurdly large. Checked against its header, before decoding. */

import { unreadable } from './errors';
import { grouped } from './message';

/** Bytes of a file, and of what a deflated DICOM file inflates to. */
export const MAX_FILE_BYTES = 256 * 2 ** 20;

/** Pixels of a film: a stitched long-leg film has about 27 million, a detector about 16. */
export const MAX_PIXELS = 50_000_000;

/** Pixels along one side: no detector or film scanner comes near. */
export const MAX_SIDE = 20_000;

/** Refuses dimensions that no plain film has. */
export function checkSize(height: number, width: number): void {
  if (height <= 0 || width <= 0) throw unreadable('image.noSize', { width, height });
  if (height > MAX_SIDE || width > MAX_SIDE || height * width > MAX_PIXELS) {
    throw unreadable('image.tooManyPixels', { width, height, side: grouped(MAX_SIDE), pixels: grouped(MAX_PIXELS) });
  }
}
