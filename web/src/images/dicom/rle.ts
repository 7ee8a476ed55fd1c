/** DICOM's own run lengths (PS3.5 annex G): PackBits, one segment for each byte of a word. */

import { unreadable } from '../errors';
import { grouped } from '../message';

const HEADER = 64;
const MAX_SEGMENTS = 15;

/** The frame's words, low byte first; `allocated` is 8 or 16 bits. */
export function decodeRle(frame: Uint8Array, nPixels: number, allocated: number): Uint8Array<ArrayBuffer> {
  const n = allocated / 8;
  const words = new Uint8Array(nPixels * n);
  const parts = segmentsOf(frame);
  if (parts.length !== n) throw unreadable('image.damagedFrame', { coding: 'RLE' });
  parts.forEach((part, i) => {
    // The first segment holds the high bytes.
    const found = unpack(part, words, n - 1 - i, n);
    if (found < nPixels) throw unreadable('image.damagedFrame', { coding: 'RLE' });
    if (found > nPixels + 1) throw unreadable('image.morePixels', { found: grouped(found), expected: grouped(nPixels) });
  });
  return words;
}

/** G.5: 16 words: the number of segments, and where each begins. */
function segmentsOf(frame: Uint8Array): Uint8Array[] {
  if (frame.length < HEADER) throw unreadable('image.damagedFrame', { coding: 'RLE' });
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const n = view.getUint32(0, true);
  if (n < 1 || n > MAX_SEGMENTS) throw unreadable('image.damagedFrame', { coding: 'RLE' });
  const starts = Array.from({ length: n }, (_, i) => view.getUint32(4 * (i + 1), true));
  if (starts.some((start) => start < HEADER || start > frame.length)) throw unreadable('image.damagedFrame', { coding: 'RLE' });
  return starts.map((start, i) => frame.subarray(start, starts[i + 1] ?? frame.length));
}

/** Unpacks a segment into every `step`-th byte from `offset` on; gives the bytes it holds. G.3.2. */
function unpack(segment: Uint8Array, words: Uint8Array, offset: number, step: number): number {
  let n = 0;
  for (let at = 0; at < segment.length; ) {
    const control = segment[at++];
    if (control === 128) continue; // says nothing
    const isRun = control > 128;
    // A last pad byte has nothing behind it.
    const length = isRun ? (at < segment.length ? 257 - control : 0) : Math.min(control + 1, segment.length - at);
    for (let i = 0; i < length; i++, n++) {
      const to = offset + n * step;
      if (to < words.length) words[to] = segment[isRun ? at : at + i];
    }
    at += isRun ? 1 : control + 1;
  }
  return n;
}
