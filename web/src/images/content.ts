/** What a file holds, told from its first bytes; its ending is never looked at. */

import type { MessageKey } from './message';

export type Kind = 'png' | 'jpeg' | 'tiff' | 'dicom';

const MAGIC: readonly (readonly [string, Kind])[] = [
  ['\x89PNG\r\n\x1a\n', 'png'],
  ['\xff\xd8\xff', 'jpeg'],
  ['II*\0', 'tiff'],
  ['MM\0*', 'tiff'],
  ['II+\0', 'tiff'],
  ['MM\0+', 'tiff'],
];

// Kinds that people do hand to an image reader, so that the refusal can call them by name.
const OTHER_MAGIC: readonly (readonly [string, MessageKey])[] = [
  ['%PDF', 'image.found.pdf'],
  ['GIF8', 'image.found.gif'],
  ['BM', 'image.found.bmp'],
  ['RIFF', 'image.found.webp'],
  ['PK\x03\x04', 'image.found.zip'],
  ['\x1f\x8b', 'image.found.gzip'],
  ['\0\0\0\x0cjP  ', 'image.found.jpeg2000'],
  ['\xff\x4f\xff\x51', 'image.found.jpeg2000'],
  ['\xff\n', 'image.found.jpegxl'],
  ['NRRD', 'image.found.nrrd'],
  ['\x93NUMPY', 'image.found.numpy'],
  ['\x89HDF', 'image.found.hdf5'],
];

/** Bytes before "DICM", PS3.10 section 7.1. */
export const PREAMBLE = 128;

const TEXT_CONTROLS = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x1b]);

/** Whether `bytes` have `word` (one letter a byte) at `at`. */
export function hasAt(bytes: Uint8Array, word: string, at = 0): boolean {
  if (at + word.length > bytes.length) return false;
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return false;
  return true;
}

/**
 * What `bytes` hold; null = nothing that can be read.
 *
 * DICOM without its preamble (128 bytes and "DICM") is told by a first element of group 0002 or
 * 0008 with a plausible length.
 */
export function kindOf(bytes: Uint8Array): Kind | null {
  // First: the preamble may hold the start of a TIFF file, for other readers.
  if (hasPreamble(bytes)) return 'dicom';
  const found = MAGIC.find(([magic]) => hasAt(bytes, magic));
  if (found !== undefined) return found[1];
  return startsWithElement(bytes, true) || startsWithElement(bytes, false) ? 'dicom' : null;
}

/** Whether DICOM `bytes` have 128 bytes and "DICM" before the first element. */
export function hasPreamble(bytes: Uint8Array): boolean {
  return hasAt(bytes, 'DICM', PREAMBLE);
}

/** What unreadable `bytes` seem to be: the key of "text", "a PDF", "unknown bytes". */
export function describe(bytes: Uint8Array): MessageKey {
  if (bytes.length === 0) return 'image.found.nothing';
  const known = OTHER_MAGIC.find(([magic]) => hasAt(bytes, magic));
  if (known !== undefined) return known[1];
  const isText = bytes.subarray(0, 512).every((byte) => byte >= 0x20 || TEXT_CONTROLS.has(byte));
  return isText ? 'image.found.text' : 'image.found.unknown';
}

function startsWithElement(bytes: Uint8Array, littleEndian: boolean): boolean {
  if (bytes.length <= PREAMBLE) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const group = view.getUint16(0, littleEndian);
  if (group !== 0x0002 && group !== 0x0008) return false;
  const isExplicit = isCapital(bytes[4]) && isCapital(bytes[5]);
  return view.getUint16(2, littleEndian) <= 0x0100 && (isExplicit || view.getUint32(4, littleEndian) <= 0x0100);
}

function isCapital(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}
