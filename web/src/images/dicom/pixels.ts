/** A parsed DICOM file → its stored values, whatever they are compressed with. */

import { decodeJpeg, decodeJpeg12, decodeJpeg2000, decodeJpegLossless, decodeJpegLs } from '../codecs';
import { endOf, frameHeader, withoutWrapping, type FrameHeader } from '../codestream';
import type { Stored, StoredBits } from '../display';
import { notARadiograph, refusing, unreadable } from '../errors';
import { grouped } from '../message';
import { joinedFragments, type DataSet } from './elements';
import * as fields from './fields';
import { EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE } from './file';
import { decodeRle } from './rle';

type Words = Uint8Array | Uint16Array;

/** How pixels lie in words of `allocated` (8 or 16) bits; `highBit` is the topmost used. */
export interface PixelLayout {
  readonly height: number;
  readonly width: number;
  readonly allocated: number;
  readonly highBit: number;
  readonly stored: StoredBits;
}

const UNCOMPRESSED = [IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG];
const RLE = '1.2.840.10008.1.2.5';
const JPEG = '1.2.840.10008.1.2.4.';

/** JPEG (.50, .51), JPEG lossless (.57, .70), JPEG-LS (.80, .81), JPEG 2000 (.90, .91). */
const COMPRESSED = ['50', '51', '57', '70', '80', '81', '90', '91'].map((ending) => JPEG + ending);

/** The film's stored values, row by row, each within `layout.stored`. */
export async function storedValues(dataset: DataSet, layout: PixelLayout, syntax: string): Promise<Stored> {
  const nPixels = layout.height * layout.width;
  const content = fields.raw(dataset, 'PixelData');
  if (content === null) throw unreadable('image.noPixels');
  if (UNCOMPRESSED.includes(syntax)) {
    const isSwapped = syntax === EXPLICIT_BIG && fields.vr(dataset, 'PixelData') === 'OW';
    return unpack(plainWords(content, nPixels, layout, { isBigEndian: syntax === EXPLICIT_BIG, isSwapped }), layout);
  }
  if (syntax === RLE) {
    return unpack(asWords(decodeRle(joinedFragments(content), nPixels, layout.allocated), layout.allocated), layout);
  }
  if (!COMPRESSED.includes(syntax)) throw unreadable('image.transferSyntax', { syntax: safeUid(syntax) });
  return unpack(await compressedWords(content, layout), layout);
}

/** The bits of each word that are stored: down from the high bit, with their sign. */
export function unpack(words: Words, { highBit, stored: { bits, isSigned } }: PixelLayout): Stored {
  if (bits === 8 * words.BYTES_PER_ELEMENT && highBit === bits - 1 && !isSigned) return words;
  const values = isSigned ? new Int16Array(words.length) : new Uint16Array(words.length);
  // Up to the top of 32 bits, and down again with the sign or without.
  const up = 31 - highBit;
  const down = 32 - bits;
  if (isSigned) for (let i = 0; i < words.length; i++) values[i] = (words[i] << up) >> down;
  else for (let i = 0; i < words.length; i++) values[i] = (words[i] << up) >>> down;
  return values;
}

interface ByteOrder {
  readonly isBigEndian: boolean;
  /** 8-bit pixels in 16-bit words of the other byte order: bytes lie in swapped pairs. */
  readonly isSwapped: boolean;
}

function plainWords(content: Uint8Array<ArrayBuffer>, nPixels: number, { allocated }: PixelLayout, order: ByteOrder): Words {
  const expected = (nPixels * allocated) / 8;
  const counts = { found: grouped(content.length), expected: grouped(expected) };
  if (content.length < expected) throw unreadable('image.pixelsBreakOff', counts);
  // A wrong Rows or Columns would otherwise show a part of the film, or a slanted one.
  if (content.length > expected + 1) throw unreadable('image.morePixels', counts);
  if (allocated === 8) return order.isSwapped ? swapped(content, nPixels) : content.subarray(0, nPixels);
  return asWords(content.subarray(0, expected), allocated, order.isBigEndian);
}

function swapped(content: Uint8Array, n: number): Uint8Array {
  const bytes = new Uint8Array(n);
  for (let i = 0; i < n; i++) bytes[i] = content[i ^ 1];
  return bytes;
}

function asWords(bytes: Uint8Array<ArrayBuffer>, allocated: number, isBigEndian = false): Words {
  if (allocated === 8) return bytes;
  const words = new Uint16Array(bytes.length >> 1);
  const [low, high] = isBigEndian ? [1, 0] : [0, 1];
  for (let i = 0; i < words.length; i++) words[i] = bytes[2 * i + low] | (bytes[2 * i + high] << 8);
  return words;
}

async function compressedWords(content: Uint8Array<ArrayBuffer>, layout: PixelLayout): Promise<Words> {
  const frame = withoutWrapping(joinedFragments(content));
  const header = checkedHeader(frame, layout);
  const allocated = header.bits <= 8 ? 8 : 16;
  const n = (layout.height * layout.width * allocated) / 8;
  const samples = await refusing('image.damagedFrame', () => decoded(frame, header, n), { coding: header.coding });
  return asWords(samples, allocated);
}

function decoded(frame: Uint8Array<ArrayBuffer>, header: FrameHeader, n: number): Promise<Uint8Array<ArrayBuffer>> {
  if (header.coding === 'JPEG-LS') return decodeJpegLs(frame, n);
  if (header.coding === 'JPEG 2000') return decodeJpeg2000(frame, n);
  if (header.coding === 'JPEG lossless') return decodeJpegLossless(frame, n);
  return header.bits === 8 ? decodeJpeg(frame, n) : decodeJpeg12(frame, n);
}

function checkedHeader(frame: Uint8Array, { height, width, stored }: PixelLayout): FrameHeader {
  const header = frameHeader(frame);
  if (header === null) throw unreadable('image.unknownFrame');
  if (header.components !== 1) throw notARadiograph('image.colourFrame', { components: header.components });
  if (header.height !== height || header.width !== width) {
    throw unreadable('image.otherSize', { frameWidth: header.width, frameHeight: header.height, width, height });
  }
  // Fewer bits than the header says are harmless, unless the sign is among the missing ones.
  if (header.bits < (stored.isSigned ? stored.bits : 1) || header.bits > 16) {
    throw unreadable('image.otherBits', { found: header.bits, expected: stored.bits });
  }
  if (endOf(frame) < 0) throw unreadable('image.frameBreaksOff', { coding: header.coding });
  return header;
}

function safeUid(syntax: string): string {
  return /^[0-9.]+$/.test(syntax) ? syntax : 'no UID';
}
