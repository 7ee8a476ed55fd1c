/** Inflated PNG rows → samples: filters undone, interlaced passes joined, bits unpacked. */

import { unreadable } from './errors';
import type { PngHeader } from './png';

/** Interleaved samples, row by row; words where PNG has 16 bits. */
export type Samples = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/** One pass over the picture: pixels (x + i·dx, y + j·dy). A picture without interlace is one pass. */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
  readonly width: number;
  readonly height: number;
}

const CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

// Adam7 (W3C PNG, section 8.1): x, y, dx, dy.
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** The bytes that the header's rows have once inflated, each with its filter byte. */
export function inflatedLength(header: PngHeader): number {
  return passesOf(header).reduce((sum, pass) => sum + pass.height * (1 + rowBytes(pass.width, header)), 0);
}

/** The samples of all rows; `rows` has `inflatedLength` bytes, and is overwritten. */
export function samplesOf(rows: Uint8Array, header: PngHeader): Samples {
  const n = header.width * header.height * CHANNELS[header.colour];
  const samples = header.depth === 16 ? new Uint16Array(n) : new Uint8Array(n);
  let at = 0;
  for (const pass of passesOf(header)) {
    const length = rowBytes(pass.width, header);
    for (let j = 0; j < pass.height; j++, at += 1 + length) {
      const above = j === 0 ? null : rows.subarray(at - length, at);
      const row = rows.subarray(at + 1, at + 1 + length);
      unfilter(rows[at], row, above, pixelBytes(header));
      place(row, samples, header, pass, pass.y + j * pass.dy);
    }
  }
  return samples;
}

function passesOf({ width, height, isInterlaced }: PngHeader): Pass[] {
  if (!isInterlaced) return [{ x: 0, y: 0, dx: 1, dy: 1, width, height }];
  return ADAM7.map(([x, y, dx, dy]) => ({
    x,
    y,
    dx,
    dy,
    width: Math.ceil((width - x) / dx),
    height: Math.ceil((height - y) / dy),
  })).filter((pass) => pass.width > 0 && pass.height > 0);
}

function rowBytes(width: number, { depth, colour }: PngHeader): number {
  return Math.ceil((width * depth * CHANNELS[colour]) / 8);
}

function pixelBytes({ depth, colour }: PngHeader): number {
  return Math.max(1, (depth * CHANNELS[colour]) / 8);
}

/** Undoes the filter of one row in place (W3C PNG, section 9.2). */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array | null, step: number): void {
  if (filter > 4) throw unreadable('image.damaged');
  const up = above ?? new Uint8Array(row.length);
  for (let i = 0; i < row.length && filter !== 0; i++) {
    const left = i < step ? 0 : row[i - step];
    if (filter === 1) row[i] += left;
    else if (filter === 2) row[i] += up[i];
    else if (filter === 3) row[i] += (left + up[i]) >> 1;
    else row[i] += paeth(left, up[i], i < step ? 0 : up[i - step]);
  }
}

/** W3C PNG, section 9.4. */
function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const byLeft = Math.abs(guess - left);
  const byUp = Math.abs(guess - up);
  const byCorner = Math.abs(guess - corner);
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}

/** Puts a row's samples where they belong in row `y` of the picture. */
function place(row: Uint8Array, samples: Samples, { width, depth, colour }: PngHeader, pass: Pass, y: number): void {
  const channels = CHANNELS[colour];
  const perByte = 8 / depth;
  const mask = 2 ** depth - 1;
  for (let i = 0, from = 0; i < pass.width; i++) {
    const to = (y * width + pass.x + i * pass.dx) * channels;
    for (let channel = 0; channel < channels; channel++, from++) {
      if (depth === 8) samples[to + channel] = row[from];
      else if (depth === 16) samples[to + channel] = (row[2 * from] << 8) | row[2 * from + 1];
      else samples[to + channel] = (row[Math.floor(from / perByte)] >> (8 - depth * ((from % perByte) + 1))) & mask;
    }
  }
}
