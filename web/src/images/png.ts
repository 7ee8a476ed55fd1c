/**
 * PNG → samples, by our own reading of its chunks: 16-bit films stay exact, and every browser and
 * Node give the same. (A canvas would reduce them to 8 bits, and some browsers add noise to it.)
 *
 * Portable Network Graphics (third edition), W3C: sections 5 (chunks), 7 to 10, 11.2, 11.3.1.
 */

import { crc32 } from './crc32';
import { notARadiograph, refusing, unreadable } from './errors';
import { checkSize } from './guard';
import { inflateExactly } from './inflate';
import { exifOrientation, xmpOrientation } from './orientation';
import { inflatedLength, samplesOf, type Samples } from './png_rows';
import type { Raster } from './raster';

/** IHDR; `colour` is PNG's colour type. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly isInterlaced: boolean;
}

type Chunk = { readonly type: string; readonly content: Uint8Array<ArrayBuffer> };

const GREY = 0;
const COLOUR = 2;
const PALETTE = 3;
const GREY_ALPHA = 4;
const COLOUR_ALPHA = 6;

const DEPTHS: Record<number, readonly number[]> = {
  [GREY]: [1, 2, 4, 8, 16],
  [COLOUR]: [8, 16],
  [PALETTE]: [1, 2, 4, 8],
  [GREY_ALPHA]: [8, 16],
  [COLOUR_ALPHA]: [8, 16],
};

const XMP = 'XML:com.adobe.xmp\0\0\0';

/** The picture in a PNG file. */
export async function readPng(bytes: Uint8Array<ArrayBuffer>): Promise<Raster> {
  return refusing('image.damaged', async () => {
    const chunks = chunksOf(bytes);
    const header = headerOf(chunks[0]);
    checkSize(header.height, header.width);
    checkSingle(chunks);
    const parts = chunks.filter(({ type }) => type === 'IDAT').map(({ content }) => content);
    const samples = samplesOf(await inflateExactly(parts, inflatedLength(header)), header);
    return rasterOf(header, samples, chunks);
  });
}

/** The chunks up to the end, each with its sum checked. */
function chunksOf(bytes: Uint8Array<ArrayBuffer>): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) break;
    if (crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end)) throw unreadable('image.damaged');
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    chunks.push({ type, content: bytes.subarray(at + 8, end) });
    if (type === 'IEND') return chunks;
    at = end + 4;
  }
  throw unreadable('image.damaged');
}

function headerOf({ type, content }: Chunk): PngHeader {
  const [depth, colour, , filters, interlace] = content.subarray(8);
  const isKnown = type === 'IHDR' && content.length >= 13 && DEPTHS[colour]?.includes(depth);
  if (!isKnown || filters !== 0 || interlace > 1) throw unreadable('image.damaged');
  const view = new DataView(content.buffer, content.byteOffset);
  return { width: view.getUint32(0), height: view.getUint32(4), depth, colour, isInterlaced: interlace === 1 };
}

/** Refuses an animation: one of several frames, or of one beside the picture itself. */
function checkSingle(chunks: readonly Chunk[]): void {
  const at = chunks.findIndex(({ type }) => type === 'acTL');
  if (at < 0) return;
  const n = new DataView(chunks[at].content.buffer, chunks[at].content.byteOffset, chunks[at].content.length).getUint32(0);
  const first = chunks.findIndex(({ type }) => type === 'IDAT' || type === 'fcTL');
  if (n > 1 || chunks[first]?.type === 'IDAT') throw notARadiograph('image.severalPictures');
}

function rasterOf(header: PngHeader, samples: Samples, chunks: readonly Chunk[]): Raster {
  const { width, height, depth, colour } = header;
  const stored = { width, height, orientation: orientationOf(chunks) };
  const palette = contentOf(chunks, 'PLTE');
  const seeThrough = contentOf(chunks, 'tRNS');
  if (colour === PALETTE) {
    return { ...stored, channels: 4, samples: fromPalette(samples, palette ?? new Uint8Array(), seeThrough) };
  }
  if (colour === GREY && depth === 16) {
    return { ...stored, channels: 1, depth: 16, samples: withoutKey(samples as Uint16Array, seeThrough) };
  }
  if (colour === GREY && seeThrough === undefined) {
    return { ...stored, channels: 1, depth: 8, samples: toBytes(samples, depth) };
  }
  const isGrey = colour === GREY || colour === GREY_ALPHA;
  const hasAlpha = colour === GREY_ALPHA || colour === COLOUR_ALPHA;
  return { ...stored, channels: 4, samples: toColours(samples, { isGrey, hasAlpha, depth, key: hasAlpha ? undefined : seeThrough }) };
}

function contentOf(chunks: readonly Chunk[], wanted: string): Uint8Array | undefined {
  return chunks.find(({ type }) => type === wanted)?.content;
}

function orientationOf(chunks: readonly Chunk[]): number {
  const exif = contentOf(chunks, 'eXIf');
  const xmp = chunks.find(({ type, content }) => type === 'iTXt' && startsWith(content, XMP))?.content;
  return (exif && exifOrientation(exif)) ?? (xmp && xmpOrientation(xmp)) ?? 1;
}

function startsWith(content: Uint8Array, word: string): boolean {
  return word === String.fromCharCode(...content.subarray(0, word.length));
}

/** Colours of the palette; an index beyond it makes the file a damaged one. */
function fromPalette(indexes: Samples, palette: Uint8Array, alphas: Uint8Array = new Uint8Array()): Uint8Array {
  const colours = new Uint8Array(4 * indexes.length);
  for (let i = 0; i < indexes.length; i++) {
    const index = indexes[i];
    if (3 * index + 3 > palette.length) throw unreadable('image.damaged');
    for (let channel = 0; channel < 3; channel++) colours[4 * i + channel] = palette[3 * index + channel];
    colours[4 * i + 3] = index < alphas.length ? alphas[index] : 255;
  }
  return colours;
}

/** 16-bit grey levels with the one that stands for "see-through" black. */
function withoutKey(samples: Uint16Array, seeThrough: Uint8Array | undefined): Uint16Array {
  if (seeThrough === undefined) return samples;
  const key = 256 * seeThrough[0] + seeThrough[1];
  return samples.map((sample) => (sample === key ? 0 : sample));
}

function toBytes(samples: Samples, depth: number): Uint8Array {
  const times = 255 / (2 ** depth - 1);
  return times === 1 ? (samples as Uint8Array) : (samples as Uint8Array).map((sample) => sample * times);
}

interface Colours {
  readonly isGrey: boolean;
  readonly hasAlpha: boolean;
  readonly depth: number;
  /** tRNS: the grey level or colour that is see-through. */
  readonly key: Uint8Array | undefined;
}

/** Red, green, blue, alpha of 8 bits; 16-bit samples lose their low byte. */
function toColours(samples: Samples, { isGrey, hasAlpha, depth, key }: Colours): Uint8Array {
  const primaries = isGrey ? 1 : 3;
  const channels = primaries + (hasAlpha ? 1 : 0);
  const n = samples.length / channels;
  const colours = new Uint8Array(4 * n);
  const byte = depth === 16 ? (sample: number) => sample >> 8 : (sample: number) => (sample * 255) / (2 ** depth - 1);
  const keys = key && Array.from({ length: primaries }, (_, i) => 256 * key[2 * i] + key[2 * i + 1]);
  for (let i = 0, at = 0; i < n; i++, at += channels) {
    for (let to = 0; to < 3; to++) colours[4 * i + to] = byte(samples[at + (isGrey ? 0 : to)]);
    const isKey = keys?.every((level, place) => samples[at + place] === level) ?? false;
    colours[4 * i + 3] = hasAlpha ? byte(samples[at + primaries]) : isKey ? 0 : 255;
  }
  return colours;
}
