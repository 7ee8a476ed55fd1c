/**
 * Grey 12-bit JPEG (extended sequential, Huffman), as some PACS store films; no browser decodes it.
 *
 * ITU-T T.81: annex B (markers), E.2 and F.2 (decoding). The inverse transform is libjpeg's accurate
 * integer one, so that the samples are those of Python's decoder. A damaged scan throws.
 */

import { endOf, segments } from './codestream';
import { unreadable } from './errors';
import { Bits, readHuffman, type HuffmanTable } from './huffman';
import { inverseTransform, ZIGZAG } from './jpeg12_transform';

const SOF1 = 0xc1;
const DHT = 0xc4;
const DQT = 0xdb;
const DRI = 0xdd;
const SOS = 0xda;

interface Tables {
  readonly quantisation: Map<number, Int32Array>;
  /** By class (0 DC, 16 AC) plus number. */
  readonly huffman: Map<number, HuffmanTable>;
  interval: number;
  frame: { readonly width: number; readonly height: number; readonly quantisation: number } | null;
}

/** The samples of a frame of one component and one scan, row by row. */
export function decodeJpeg12(bytes: Uint8Array): Uint16Array<ArrayBuffer> {
  const tables: Tables = { quantisation: new Map(), huffman: new Map(), interval: 0, frame: null };
  let at = 2;
  for (const { marker, start, end } of segments(bytes)) {
    readSegment(marker, bytes.subarray(start, end), tables);
    at = end;
  }
  if (bytes[at] !== 0xff || bytes[at + 1] !== SOS) throw new Error('no scan');
  if (tables.frame === null) throw unreadable('image.jpeg12');
  const scan = bytes.subarray(at + 2, endOf(bytes));
  return decodeScan(scan, tables);
}

function readSegment(marker: number, content: Uint8Array, tables: Tables): void {
  if (marker === DQT) readQuantisation(content, tables.quantisation);
  else if (marker === DHT) readHuffman(content, tables.huffman);
  else if (marker === DRI) tables.interval = 256 * content[0] + content[1];
  else if (marker === SOF1) {
    const [, top, bottom, left, right, , , , quantisation] = content;
    tables.frame = { height: 256 * top + bottom, width: 256 * left + right, quantisation };
  }
}

function readQuantisation(content: Uint8Array, tables: Map<number, Int32Array>): void {
  for (let at = 0; at < content.length; ) {
    const head = content[at++];
    const isWide = head >> 4 === 1;
    const table = new Int32Array(64);
    for (let i = 0; i < 64; i++, at += isWide ? 2 : 1) {
      table[ZIGZAG[i]] = isWide ? 256 * content[at] + content[at + 1] : content[at];
    }
    tables.set(head & 15, table);
  }
}

function decodeScan(scan: Uint8Array, { quantisation, huffman, interval, frame }: Tables): Uint16Array<ArrayBuffer> {
  const quantiser = frame && quantisation.get(frame.quantisation);
  const dc = huffman.get(scan[4] >> 4);
  const ac = huffman.get(16 + (scan[4] & 15));
  if (!frame || !quantiser || !dc || !ac || scan[2] !== 1) throw new Error('a table is missing');
  const { width, height } = frame;
  const bits = new Bits(scan.subarray(256 * scan[0] + scan[1]));
  const samples = new Uint16Array(width * height);
  const across = Math.ceil(width / 8);
  const n = across * Math.ceil(height / 8);
  for (let block = 0, level = 0; block < n; block++) {
    if (interval > 0 && block > 0 && block % interval === 0) {
      bits.restart();
      level = 0;
    }
    const coefficients = new Float64Array(64);
    level += bits.signed(bits.symbol(dc));
    coefficients[0] = level * quantiser[0];
    readAc(bits, ac, quantiser, coefficients);
    put(inverseTransform(coefficients), samples, { width, height, x: 8 * (block % across), y: 8 * Math.floor(block / across) });
  }
  bits.finish();
  return samples;
}

/** T.81 F.2.2.2: each symbol is a run of zeros and the size of the coefficient behind it. */
function readAc(bits: Bits, table: HuffmanTable, quantiser: Int32Array, coefficients: Float64Array): void {
  for (let place = 1; place < 64; place++) {
    const symbol = bits.symbol(table);
    const size = symbol & 15;
    if (size === 0 && symbol >> 4 !== 15) return; // nothing but zeros follows
    place += symbol >> 4;
    if (size === 0) continue;
    if (place > 63) throw new Error('a block is too long');
    coefficients[ZIGZAG[place]] = bits.signed(size) * quantiser[ZIGZAG[place]];
  }
}

interface Place {
  readonly width: number;
  readonly height: number;
  readonly x: number;
  readonly y: number;
}

function put(block: Uint16Array, samples: Uint16Array, { width, height, x, y }: Place): void {
  const n = Math.min(8, width - x);
  for (let row = 0; row < Math.min(8, height - y); row++) {
    samples.set(block.subarray(8 * row, 8 * row + n), (y + row) * width + x);
  }
}
