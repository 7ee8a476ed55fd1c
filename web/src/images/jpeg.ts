/**
 * JPEG → samples, by libjpeg-turbo as WebAssembly.
 *
 * Not by the browser's own decoder: libjpeg-turbo gives the pixels that Python's reader (Pillow,
 * which uses it too) gives, bit for bit, in every browser and in Node, and no canvas stands between.
 */

import { decodeJpeg } from './codecs';
import { frameHeader, segments } from './codestream';
import { hasAt } from './content';
import { refusing, unreadable } from './errors';
import { checkSize } from './guard';
import { exifOrientation, xmpOrientation, type Orientation } from './orientation';
import type { Raster } from './raster';

const APP1 = 0xe1;
const EXIF = 'Exif\0\0';
const XMP = 'http://ns.adobe.com/xap/1.0/\0';

/** The picture in a JPEG file. */
export async function readJpeg(bytes: Uint8Array<ArrayBuffer>): Promise<Raster> {
  const header = frameHeader(bytes);
  if (header === null || header.coding !== 'JPEG' || header.bits !== 8) throw unreadable('image.damaged');
  const { width, height, components } = header;
  checkSize(height, width);
  if (components !== 1 && components !== 3) throw unreadable('image.unknownColours', { components });
  if (!hasEnd(bytes)) throw unreadable('image.damaged');
  const stored = { width, height, orientation: orientationOf(bytes) };
  const samples = await refusing('image.damaged', () => decodeJpeg(bytes, width * height * components));
  return components === 1 ? { ...stored, channels: 1, depth: 8, samples } : { ...stored, channels: 3, samples };
}

/**
 * Whether an end marker follows the first scan. In scans 0xFF is followed by 0 or a restart marker,
 * and what a file carries behind its picture does not matter. Without an end the decoder would fill
 * the rest with grey.
 */
function hasEnd(bytes: Uint8Array): boolean {
  let at = 2;
  for (const { end } of segments(bytes)) at = end;
  for (; at + 2 <= bytes.length; at++) if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  return false;
}

function orientationOf(bytes: Uint8Array): Orientation {
  let xmp: Orientation | null = null;
  for (const { marker, start, end } of segments(bytes)) {
    if (marker !== APP1) continue;
    if (hasAt(bytes, EXIF, start)) {
      const found = exifOrientation(bytes.subarray(start + EXIF.length, end));
      if (found !== null) return found;
    }
    if (hasAt(bytes, XMP, start)) xmp ??= xmpOrientation(bytes.subarray(start, end));
  }
  return xmp ?? 1;
}
