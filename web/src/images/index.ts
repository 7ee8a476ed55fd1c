/**
 * A file's bytes in, a radiograph out: formats are told apart by content, not by ending.
 *
 * PNG, JPEG and DICOM (CR, DX, RG). The pixels are those of Python's `plainfilm.images`, by the rule
 * of docs/concepts/displayed-pixels.md. Pure: it needs no document, and runs in a Worker and in Node.
 */

import { describe, kindOf } from './content';
import { readDicom } from './dicom';
import { ImageError, unreadable } from './errors';
import { MAX_FILE_BYTES } from './guard';
import { readJpeg } from './jpeg';
import { grouped } from './message';
import { readPng } from './png';
import type { Radiograph } from './radiograph';
import { displayedRaster } from './raster';

export { ImageError } from './errors';
export { MAX_FILE_BYTES, MAX_PIXELS, MAX_SIDE } from './guard';
export { inEnglish, type Message, type MessageKey } from './message';
export type { Laterality, Radiograph, View } from './radiograph';

/**
 * The film in the bytes of a PNG, JPEG or DICOM file, as it would be displayed.
 *
 * `name` is what messages and reports call the film. Whatever the bytes are, the answer is a film or
 * an `ImageError`. Every pixel is finite and in [0, 1].
 */
export async function readRadiograph(bytes: Uint8Array, name: string): Promise<Radiograph> {
  try {
    return await read(bytes as Uint8Array<ArrayBuffer>, name);
  } catch (error) {
    if (error instanceof ImageError) throw error;
    // Memory that the browser does not give, or what nobody has thought of.
    throw unreadable('image.damaged', {}, error);
  }
}

async function read(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<Radiograph> {
  if (bytes.length > MAX_FILE_BYTES) throw unreadable('image.tooManyBytes', { most: grouped(MAX_FILE_BYTES) });
  const kind = kindOf(bytes);
  if (kind === null) throw unreadable(describe(bytes));
  if (kind === 'dicom') return readDicom(bytes, name);
  if (kind === 'tiff') throw unreadable('image.tiff');
  const raster = displayedRaster(await (kind === 'png' ? readPng(bytes) : readJpeg(bytes)));
  return { ...raster, name };
}
