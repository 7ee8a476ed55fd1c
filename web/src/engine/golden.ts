/** golden.npz: synthetic radiographs and what the graph said of them (docs/reference/bundle.md). */
import type { BundleHeader } from '../types';
import { problem } from './problem';
import { inflated } from './packed';

export interface Tensor {
  shape: number[];
  values: Float32Array;
}

const LOCAL = 0x04034b50;
const HEADER = /'descr': '<f4', 'fortran_order': False, 'shape': \(([0-9, ]*)\)/;

const CODING = 'plainfilm.facts/1'; // plainfilm/reading/facts.py

/** Refuses a bundle that is told what it takes in a way that this page does not know. */
export function checkCoding({ input }: BundleHeader): void {
  // A broken header is told where it is drawn.
  const coding = (input as BundleHeader['input'] | undefined)?.facts?.coding;
  if (coding !== undefined && coding !== CODING) throw problem('problem.engine', { reason: coding });
}

/** The arrays of a zip of .npy files, by name without ".npy"; throws a RangeError for anything else. */
export async function readNpz(content: Uint8Array<ArrayBuffer>): Promise<Map<string, Tensor>> {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const arrays = new Map<string, Tensor>();
  for (let at = 0; at + 30 <= content.length && view.getUint32(at, true) === LOCAL; ) {
    const method = view.getUint16(at + 8, true);
    const size = view.getUint32(at + 18, true);
    const nameLength = view.getUint16(at + 26, true);
    const start = at + 30 + nameLength + view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(content.subarray(at + 30, at + 30 + nameLength));
    const packed = content.slice(start, start + size);
    arrays.set(name.replace(/\.npy$/, ''), readNpy(method === 0 ? packed : await inflated(packed, 'deflate-raw')));
    at = start + size;
  }
  return arrays;
}

function readNpy(content: Uint8Array): Tensor {
  const length = content[8] | (content[9] << 8);
  const header = HEADER.exec(new TextDecoder('latin1').decode(content.subarray(10, 10 + length)));
  if (header === null) throw new RangeError('not a float32 array');
  const shape = header[1].split(',').filter((side) => side.trim()).map(Number);
  const count = shape.reduce((product, side) => product * side, 1);
  const values = new Float32Array(content.slice(10 + length, 10 + length + 4 * count).buffer);
  if (values.length !== count) throw new RangeError('an array cut short');
  return { shape, values };
}
