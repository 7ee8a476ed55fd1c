/**
 * Grey JPEG lossless (Huffman), of 2 to 16 bits, with any predictor: ITU-T T.81, annex H.
 *
 * Of ours, because the usual package ends without a word where a damaged stream goes astray, and
 * shows the rest black or as noise. Here a damaged scan throws.
 */

import { endOf, segments } from './codestream';
import { Bits, readHuffman, type HuffmanTable } from './huffman';

const SOF3 = 0xc3;
const DHT = 0xc4;
const DRI = 0xdd;
const SOS = 0xda;

interface Coding {
  readonly width: number;
  readonly height: number;
  readonly table: HuffmanTable;
  /** 1 to 7: what a sample is predicted from. */
  readonly predictor: number;
  /** What the first sample is predicted as. */
  readonly middle: number;
  /** Bits by which samples were shifted down. */
  readonly shift: number;
  /** Samples from one restart to the next; 0 = none. */
  readonly interval: number;
}

/** The samples of a frame of one component, row by row. */
export function decodeLossless(bytes: Uint8Array): Uint16Array<ArrayBuffer> {
  const huffman = new Map<number, HuffmanTable>();
  let [frame, interval, at]: [Uint8Array | null, number, number] = [null, 0, 2];
  for (const { marker, start, end } of segments(bytes)) {
    const content = bytes.subarray(start, end);
    if (marker === DHT) readHuffman(content, huffman);
    else if (marker === DRI) interval = 256 * content[0] + content[1];
    else if (marker === SOF3) frame = content;
    at = end;
  }
  const head = bytes.subarray(at + 4);
  const table = huffman.get(head[2] >> 4);
  if (frame === null || bytes[at] !== 0xff || bytes[at + 1] !== SOS || head[0] !== 1 || table === undefined) throw new Error('a table is missing');
  const shift = head[5] & 15;
  const [precision, top, bottom, left, right] = frame;
  const size = { height: 256 * top + bottom, width: 256 * left + right };
  const middle = 2 ** (precision - shift - 1);
  const scan = bytes.subarray(at + 2 + 256 * bytes[at + 2] + bytes[at + 3], endOf(bytes));
  return decodeScan(scan, { ...size, table, predictor: head[3], middle, shift, interval });
}

function decodeScan(scan: Uint8Array, { width, height, table, predictor, middle, shift, interval }: Coding): Uint16Array<ArrayBuffer> {
  if (interval % width !== 0) throw new Error('a restart within a row');
  const bits = new Bits(scan);
  const samples = new Uint16Array(width * height);
  const predict = predictorOf(predictor, samples, width);
  for (let y = 0, at = 0, first = 0; y < height; y++) {
    if (interval > 0 && y > 0 && at % interval === 0) {
      bits.restart();
      first = y;
    }
    for (let x = 0; x < width; x++, at++) {
      const isFirst = y === first;
      const guess = isFirst ? (x === 0 ? middle : samples[at - 1]) : x === 0 ? samples[at - width] : predict(at);
      samples[at] = guess + difference(bits, table); // modulo 2 ** 16, as the array holds
    }
  }
  bits.finish();
  return shift === 0 ? samples : samples.map((sample) => sample << shift);
}

/** H.1.2.2: the size of the difference, then its bits; size 16 says 32768 and has none. */
function difference(bits: Bits, table: HuffmanTable): number {
  const size = bits.symbol(table);
  if (size > 16) throw new Error('no such size');
  return size === 16 ? 32_768 : bits.signed(size);
}

/** Table H.1, from the samples to the left, above, and above that. */
function predictorOf(number: number, samples: Uint16Array, width: number): (at: number) => number {
  const left = (at: number): number => samples[at - 1];
  const above = (at: number): number => samples[at - width];
  const corner = (at: number): number => samples[at - width - 1];
  const predictors = [
    left,
    above,
    corner,
    (at: number) => left(at) + above(at) - corner(at),
    (at: number) => left(at) + ((above(at) - corner(at)) >> 1),
    (at: number) => above(at) + ((left(at) - corner(at)) >> 1),
    (at: number) => (left(at) + above(at)) >> 1,
  ];
  const predictor = predictors[number - 1];
  if (predictor === undefined) throw new Error('no such predictor');
  return predictor;
}
