/** DICOM bytes → the data set and its transfer syntax, inflated within bounds (PS3.10 section 7). */

import { hasPreamble, PREAMBLE } from '../content';
import { refusing, unreadable } from '../errors';
import { MAX_FILE_BYTES } from '../guard';
import { inflateAtMost } from '../inflate';
import { grouped } from '../message';
import { readElements, saysType, type DataSet, type Encoding } from './elements';

export const IMPLICIT_LITTLE = '1.2.840.10008.1.2';
export const EXPLICIT_LITTLE = '1.2.840.10008.1.2.1';
export const EXPLICIT_BIG = '1.2.840.10008.1.2.2';
const DEFLATED = '1.2.840.10008.1.2.1.99';

const TRANSFER_SYNTAX = 0x00020010;
const META: Encoding = { isExplicit: true, isLittleEndian: true };

/**
 * The data set in `bytes`, and its transfer syntax UID; where the file names none, the one that its
 * elements are written in.
 */
export async function parseDicom(bytes: Uint8Array<ArrayBuffer>): Promise<{ dataset: DataSet; syntax: string }> {
  const { named, start } = readMeta(bytes);
  if (named === DEFLATED) {
    const elements = await inflatedElements(bytes.subarray(start));
    return { dataset: dataSet(elements, EXPLICIT_LITTLE), syntax: EXPLICIT_LITTLE };
  }
  const elements = bytes.subarray(start);
  const syntax = named ?? writtenSyntax(elements);
  return { dataset: dataSet(elements, syntax), syntax };
}

/** The transfer syntax that group 0002 names, and where the data set begins. */
function readMeta(bytes: Uint8Array<ArrayBuffer>): { named: string | null; start: number } {
  const start = hasPreamble(bytes) ? PREAMBLE + 4 : 0;
  // Group 0002 is always little-endian, so these two bytes are its start.
  if (bytes[start] !== 2 || bytes[start + 1] !== 0) return { named: null, start };
  const { elements, end } = readElements(bytes, META, start, (tag) => tag >>> 16 !== 2);
  const value = elements.get(TRANSFER_SYNTAX)?.bytes;
  const named = value && new TextDecoder('latin1').decode(value).replace(/[\0 ]+$/, '');
  return { named: named || null, start: end };
}

function dataSet(bytes: Uint8Array<ArrayBuffer>, syntax: string): DataSet {
  const isLittleEndian = syntax !== EXPLICIT_BIG;
  // What is written counts, not what the syntax says: some files lie about it.
  const isExplicit = bytes.length < 6 ? syntax !== IMPLICIT_LITTLE : saysType(bytes, 0);
  const encoding = { isExplicit, isLittleEndian };
  return { elements: readElements(bytes, encoding).elements, encoding };
}

function writtenSyntax(bytes: Uint8Array): string {
  if (!saysType(bytes, 0)) return IMPLICIT_LITTLE;
  // A big-endian group 0008 looks like 2048 here.
  return bytes[0] + 256 * bytes[1] >= 1024 ? EXPLICIT_BIG : EXPLICIT_LITTLE;
}

async function inflatedElements(content: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const elements = await refusing('image.deflatedBreaksOff', () => inflatedPadded(content));
  if (elements === null) throw unreadable('image.inflatesTooFar', { most: grouped(MAX_FILE_BYTES) });
  return elements;
}

/** A stream of odd length is padded by a zero (PS3.5 A.5), at which some inflaters take offence. */
async function inflatedPadded(content: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return await inflateAtMost(content, MAX_FILE_BYTES);
  } catch (error) {
    if (content.length === 0 || content[content.length - 1] !== 0) throw error;
    return inflateAtMost(content.subarray(0, -1), MAX_FILE_BYTES);
  }
}
