/** What a DICOM header says about display, as a `Display`: modality, VOI, inversion, padding. */

import {
  highest,
  lowest,
  modalityValue,
  PLAIN_BITS,
  type Display,
  type LookupTable,
  type Rescale,
  type StoredBits,
  type VoiFunction,
  type Window,
} from '../display';
import { unreadable } from '../errors';
import { message, type Message } from '../message';
import type { DataSet } from './elements';
import * as fields from './fields';

type Told<T> = { readonly value: T; readonly cautions: readonly Message[] };

// Far beyond any real header, and safe from overflow.
const MAX_SLOPE = 1e6;
const MAX_VALUE = 1e9;

/** What the header says about display, and the cautions that belong to it. */
export function readDisplay(dataset: DataSet, bits: StoredBits): Told<Display> {
  const modality = modalityOf(dataset, bits);
  const least = Math.min(modalityValue(modality, lowest(bits)), modalityValue(modality, highest(bits)));
  const voi = voiOf(dataset, least, bits);
  const noWindow = voi.value === null && bits.bits > PLAIN_BITS ? [message('image.caution.noWindow')] : [];
  const inversion = inversionOf(dataset);
  return {
    value: { modality, voi: voi.value, isInverted: inversion.value, padding: paddingOf(dataset, bits) },
    cautions: [...voi.cautions, ...noWindow, ...inversion.cautions],
  };
}

function modalityOf(dataset: DataSet, bits: StoredBits): Rescale | LookupTable {
  const item = fields.firstItem(dataset, 'ModalityLUTSequence');
  if (item !== null) return lookupTable(item, lowest(bits), bits, 'Modality LUT');
  const slope = fields.numbers(dataset, 'RescaleSlope')[0] ?? 1;
  const intercept = fields.numbers(dataset, 'RescaleIntercept')[0] ?? 0;
  if (slope === 0 || Math.abs(slope) > MAX_SLOPE || Math.abs(intercept) > MAX_VALUE) {
    throw unreadable('image.rescale', { slope, intercept });
  }
  return { kind: 'rescale', slope, intercept };
}

/** The first VOI LUT, else the first window: the maker's curve before its approximation. */
function voiOf(dataset: DataSet, least: number, bits: StoredBits): Told<Window | LookupTable | null> {
  const item = fields.firstItem(dataset, 'VOILUTSequence');
  if (item !== null) return { value: lookupTable(item, least, bits, 'VOI LUT'), cautions: [] };
  const center = fields.numbers(dataset, 'WindowCenter')[0];
  const width = fields.numbers(dataset, 'WindowWidth')[0];
  if (center === undefined || width === undefined) return { value: null, cautions: [] };
  const shape = shapeOf(dataset);
  const isUsable = Math.abs(center) <= MAX_VALUE && width <= MAX_VALUE && (shape.value === 'LINEAR' ? width >= 1 : width > 0);
  if (!isUsable) return { value: null, cautions: [message('image.caution.window', { width })] };
  return { value: { kind: 'window', center, width, shape: shape.value }, cautions: shape.cautions };
}

function shapeOf(dataset: DataSet): Told<VoiFunction> {
  const word = fields.code(dataset, 'VOILUTFunction') ?? 'LINEAR';
  if (word === 'LINEAR' || word === 'LINEAR_EXACT' || word === 'SIGMOID') return { value: word, cautions: [] };
  return { value: 'LINEAR', cautions: [message('image.caution.voiFunction', { found: word })] };
}

/**
 * Presentation LUT Shape has the last word; it and the photometric interpretation should agree.
 *
 * In a DX image INVERSE stands beside MONOCHROME1 and IDENTITY beside MONOCHROME2 (PS3.3
 * C.8.11.3.1.2), so the two are one statement made twice, not two inversions.
 */
function inversionOf(dataset: DataSet): Told<boolean> {
  const photometric = fields.code(dataset, 'PhotometricInterpretation') === 'MONOCHROME1';
  const shape = fields.code(dataset, 'PresentationLUTShape');
  if (shape !== 'INVERSE' && shape !== 'IDENTITY') return { value: photometric, cautions: [] };
  const value = shape === 'INVERSE';
  if (value === photometric) return { value, cautions: [] };
  return { value, cautions: [message('image.caution.polarity', { number: photometric ? 1 : 2, shape })] };
}

function paddingOf(dataset: DataSet, bits: StoredBits): readonly [number, number] | null {
  const value = fields.integer(dataset, 'PixelPaddingValue', bits.isSigned);
  if (value === null) return null;
  const limit = fields.integer(dataset, 'PixelPaddingRangeLimit', bits.isSigned) ?? value;
  const ends = [asStored(value, bits), asStored(limit, bits)];
  return [Math.min(...ends), Math.max(...ends)];
}

/** `value` with the sign of stored values; the field's own type is often the other one. */
function asStored(value: number, { isSigned }: StoredBits): number {
  if (isSigned && value >= 2 ** 15) return value - 2 ** 16;
  return !isSigned && value < 0 ? value + 2 ** 16 : value;
}

/** The table in a sequence's item (PS3.3 C.11.1.1); `least` is the lowest value that is looked up. */
function lookupTable(item: DataSet, least: number, { isSigned }: StoredBits, table: string): LookupTable {
  const descriptor = fields.numbers(item, 'LUTDescriptor', isSigned).map(Math.trunc);
  if (descriptor.length !== 3) throw unreadable('image.tableDescriptor', { table });
  const n = descriptor[0] & 0xffff || 2 ** 16; // 0 stands for 65,536, which 16 bits cannot say
  const depth = descriptor[2];
  // A negative number in an unsigned field.
  const first = descriptor[1] >= 2 ** 15 && least < 0 ? descriptor[1] - 2 ** 16 : descriptor[1];
  const entries = entriesOf(item, n);
  if (depth < 1 || depth > 16 || entries.length < n) {
    throw unreadable('image.table', { table, found: entries.length, depth, expected: n });
  }
  const used = entries.subarray(0, n);
  const most = used.reduce((high, entry) => Math.max(high, entry), 0);
  // Some makers write too small a depth; the entries know better.
  return { kind: 'table', first, bits: Math.max(depth, 32 - Math.clz32(most)), entries: used };
}

/** The table's entries: a word each, or a byte each where the words would be too few. */
function entriesOf(item: DataSet, n: number): Uint16Array {
  const bytes = fields.raw(item, 'LUTData');
  if (bytes === null) return Uint16Array.from(fields.numbers(item, 'LUTData'), (entry) => entry & 0xffff);
  if (n <= bytes.length && bytes.length < 2 * n) return Uint16Array.from(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint16Array.from({ length: bytes.length >> 1 }, (_, i) => view.getUint16(2 * i, true));
}
