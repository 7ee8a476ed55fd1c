/**
 * DICOM bytes → elements by tag, their values untouched (PS3.5 section 7).
 *
 * As lenient as Python's parser: an element that lost its type is read as implicit, the value that
 * the end of the file cuts is kept short, and a sequence is not looked into before it is needed, so
 * that a damaged one that nobody needs does not cost the film.
 */

import { unreadable } from '../errors';

/** How elements are written: with their type (explicit) or without, and in which byte order. */
export interface Encoding {
  readonly isExplicit: boolean;
  readonly isLittleEndian: boolean;
}

/** One element: its type ('' where the file does not say), and the bytes of its value. */
export interface Element {
  readonly vr: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface DataSet {
  readonly elements: ReadonlyMap<number, Element>;
  readonly encoding: Encoding;
}

export const PIXEL_DATA = 0x7fe00010;
export const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const UNDEFINED = 0xffffffff;

/** Sequences within sequences; real files have a handful. */
const MAX_DEPTH = 40;

const LONG_VRS = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);

interface Head {
  readonly tag: number;
  readonly vr: string;
  readonly length: number;
  /** Where the value begins. */
  readonly at: number;
}

/** Where the elements from `start` on end, and what they are; up to and with the pixels. */
export function readElements(
  bytes: Uint8Array<ArrayBuffer>,
  encoding: Encoding,
  start = 0,
  isPast: (tag: number) => boolean = () => false,
): { elements: Map<number, Element>; end: number } {
  const elements = new Map<number, Element>();
  let at = start;
  while (at + 8 <= bytes.length) {
    const head = readHead(bytes, at, encoding);
    if (isPast(head.tag)) break;
    if (head.tag === ITEM_END) return { elements, end: head.at };
    const end = valueEnd(bytes, head, encoding, 0);
    const isDelimited = head.length === UNDEFINED;
    elements.set(head.tag, { vr: head.vr, bytes: bytes.subarray(head.at, isDelimited ? end - 8 : end) });
    at = end;
    if (head.tag === PIXEL_DATA) break;
  }
  return { elements, end: at };
}

/** The first item of a sequence whose value is `bytes`; null if there is none. */
export function readFirstItem(bytes: Uint8Array<ArrayBuffer>, encoding: Encoding): DataSet | null {
  if (bytes.length < 8) return null;
  const { tag, length } = readHead(bytes, 0, encoding);
  if (tag !== ITEM) return null;
  const content = bytes.subarray(8, length === UNDEFINED ? bytes.length : 8 + length);
  const inside = encodingWithin(content, 0, encoding);
  return { elements: readElements(content, inside).elements, encoding: inside };
}

/** The fragments of an encapsulated frame, joined; the offset table before them is left out. PS3.5 A.4. */
export function joinedFragments(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const encoding = { isExplicit: false, isLittleEndian: true };
  const fragments: Uint8Array[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const head = readHead(bytes, at, encoding);
    if (head.tag === SEQUENCE_END) break;
    if (head.tag !== ITEM || head.length === UNDEFINED) throw unreadable('image.damagedPixels');
    fragments.push(bytes.subarray(head.at, head.at + head.length));
    at = head.at + head.length;
  }
  return joined(fragments.slice(1));
}

/** Whether an element begins at `at` that says its type. */
export function saysType(bytes: Uint8Array, at: number): boolean {
  return isCapital(bytes[at + 4]) && isCapital(bytes[at + 5]);
}

function readHead(bytes: Uint8Array, at: number, { isExplicit, isLittleEndian }: Encoding): Head {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = view.getUint16(at, isLittleEndian) * 0x10000 + view.getUint16(at + 2, isLittleEndian);
  const vr = String.fromCharCode(bytes[at + 4], bytes[at + 5]);
  // Half a type is a damaged one, of an element that is explicit all the same.
  if (!isExplicit || vr < 'AA' || vr > 'ZZ') {
    return { tag, vr: '', length: view.getUint32(at + 4, isLittleEndian), at: at + 8 };
  }
  if (!LONG_VRS.has(vr)) return { tag, vr, length: view.getUint16(at + 6, isLittleEndian), at: at + 8 };
  if (at + 12 > bytes.length) throw unreadable('image.breaksOff');
  return { tag, vr, length: view.getUint32(at + 8, isLittleEndian), at: at + 12 };
}

/** Where the value ends, its delimiter included; at most the end of the bytes. */
function valueEnd(bytes: Uint8Array<ArrayBuffer>, head: Head, encoding: Encoding, depth: number): number {
  if (head.length !== UNDEFINED) return Math.min(bytes.length, head.at + head.length);
  if (depth > MAX_DEPTH) throw unreadable('image.damagedHeader');
  for (let at = head.at; at + 8 <= bytes.length; ) {
    const item = readHead(bytes, at, { isExplicit: false, isLittleEndian: encoding.isLittleEndian });
    if (item.tag === SEQUENCE_END) return item.at;
    if (item.tag !== ITEM) throw unreadable('image.damagedHeader');
    at = item.length === UNDEFINED ? itemEnd(bytes, item.at, encoding, depth + 1) : item.at + item.length;
  }
  throw unreadable('image.breaksOff');
}

/** Where an item of undefined length ends, its delimiter included. */
function itemEnd(bytes: Uint8Array<ArrayBuffer>, start: number, encoding: Encoding, depth: number): number {
  const inside = encodingWithin(bytes, start, encoding);
  for (let at = start; at + 8 <= bytes.length; ) {
    const head = readHead(bytes, at, inside);
    if (head.tag === ITEM_END) return head.at;
    at = valueEnd(bytes, head, inside, depth);
  }
  throw unreadable('image.breaksOff');
}

/** Items of type UN may be implicit in an explicit file (PS3.5 section 6.2.2, note 2). */
function encodingWithin(bytes: Uint8Array, at: number, encoding: Encoding): Encoding {
  return encoding.isExplicit && bytes.length >= at + 6 && !saysType(bytes, at) ? { ...encoding, isExplicit: false } : encoding;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function isCapital(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}
