/**
 * What a compressed frame says about itself, read before any decoder sees it.
 *
 * Decoders trust these numbers with memory; so a frame whose own header disagrees with the file's
 * never reaches one. ITU-T T.81 B.2.2 (JPEG), T.87 C.2.2 (JPEG-LS), T.800 A.5.1 (JPEG 2000).
 */

import { hasAt } from './content';

export type Coding = 'JPEG' | 'JPEG lossless' | 'JPEG-LS' | 'JPEG 2000';

/** Size, components and depth (bits of one sample) of a compressed frame. */
export interface FrameHeader {
  readonly coding: Coding;
  readonly height: number;
  readonly width: number;
  readonly components: number;
  readonly bits: number;
}

const SOC_SIZ = '\xff\x4f\xff\x51';
const SOI = 0xd8;
const EOI = 0xd9; // in JPEG 2000 End of Codestream: the same two bytes
const SOS = 0xda;

const FRAME_MARKERS: Record<number, Coding> = {
  0xc0: 'JPEG', // baseline
  0xc1: 'JPEG', // extended, 8 or 12 bits
  0xc2: 'JPEG', // progressive
  0xc3: 'JPEG lossless',
  0xf7: 'JPEG-LS',
};

/** A marker segment: its marker, and where its content lies. */
export interface Segment {
  readonly marker: number;
  readonly start: number;
  readonly end: number;
}

/** The header of a JPEG, JPEG-LS or JPEG 2000 codestream; null where there is none. */
export function frameHeader(frame: Uint8Array): FrameHeader | null {
  if (hasAt(frame, SOC_SIZ)) return jpeg2000Header(frame);
  for (const { marker, start } of segments(frame)) {
    const coding = FRAME_MARKERS[marker];
    if (coding !== undefined) return jpegHeader(coding, frame, start);
  }
  return null;
}

/** The marker segments of a JPEG stream before its first scan. */
export function* segments(frame: Uint8Array): Generator<Segment> {
  if (!hasAt(frame, '\xff\xd8')) return;
  for (let at = 2; at + 4 <= frame.length; ) {
    if (frame[at] !== 0xff) return;
    const marker = frame[at + 1];
    if (marker === 0xff) at += 1; // a fill byte
    else if (isAlone(marker)) at += 2;
    else if (marker === SOI || marker === EOI || marker === SOS) return;
    else {
      const end = at + 2 + 256 * frame[at + 2] + frame[at + 3];
      yield { marker, start: at + 4, end };
      at = Math.max(end, at + 2);
    }
  }
}

/** The bare JPEG 2000 codestream of a frame that holds a JP2 file; else the frame itself. */
export function withoutWrapping(frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (!hasAt(frame, 'jP  ', 4)) return frame;
  for (let at = 8; at + 4 <= frame.length; at++) if (hasAt(frame, SOC_SIZ, at)) return frame.subarray(at);
  return frame;
}

/** Where the codestream's end marker stands, behind which up to 64 bytes of padding may follow; -1 = nowhere. */
export function endOf(frame: Uint8Array): number {
  for (let at = frame.length - 2; at >= Math.max(0, frame.length - 66); at--) {
    if (frame[at] === 0xff && frame[at + 1] === EOI) return at;
  }
  return -1;
}

/** Whether the marker has no length: TEM and the restart markers. */
function isAlone(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

function jpegHeader(coding: Coding, frame: Uint8Array, at: number): FrameHeader | null {
  if (at + 6 > frame.length) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  return { coding, bits: frame[at], height: view.getUint16(at + 1), width: view.getUint16(at + 3), components: frame[at + 5] };
}

function jpeg2000Header(frame: Uint8Array): FrameHeader | null {
  if (frame.length < 43) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const [right, bottom, left, top] = [8, 12, 16, 20].map((at) => view.getUint32(at));
  return { coding: 'JPEG 2000', bits: (frame[42] & 0x7f) + 1, height: bottom - top, width: right - left, components: view.getUint16(40) };
}
