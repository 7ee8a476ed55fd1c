/**
 * One header field at a time, in the type it should have; nothing where it is missing or nonsense.
 *
 * A header is full of optional fields, and a broken one that nobody needs must not cost the film. So
 * nothing here throws: the caller decides what it cannot go on without.
 */

import { readFirstItem, type DataSet, type Element } from './elements';

/** Tag and type of each field that is read (PS3.6); XS is US or SS, OX is OB or OW or US. */
const FIELDS = {
  Modality: [0x00080060, 'CS'],
  PresentationIntentType: [0x00080068, 'CS'],
  StudyDate: [0x00080020, 'DA'],
  SeriesDate: [0x00080021, 'DA'],
  AcquisitionDate: [0x00080022, 'DA'],
  ContentDate: [0x00080023, 'DA'],
  CodeValue: [0x00080100, 'SH'],
  CodeMeaning: [0x00080104, 'LO'],
  AnatomicRegionSequence: [0x00082218, 'SQ'],
  PatientBirthDate: [0x00100030, 'DA'],
  PatientAge: [0x00101010, 'AS'],
  PatientSex: [0x00100040, 'CS'],
  BodyPartExamined: [0x00180015, 'CS'],
  ImagerPixelSpacing: [0x00181164, 'DS'],
  PatientPosition: [0x00185100, 'CS'],
  ViewPosition: [0x00185101, 'CS'],
  PatientOrientation: [0x00200020, 'CS'],
  Laterality: [0x00200060, 'CS'],
  ImageLaterality: [0x00200062, 'CS'],
  SamplesPerPixel: [0x00280002, 'US'],
  PhotometricInterpretation: [0x00280004, 'CS'],
  NumberOfFrames: [0x00280008, 'IS'],
  Rows: [0x00280010, 'US'],
  Columns: [0x00280011, 'US'],
  PixelSpacing: [0x00280030, 'DS'],
  BitsAllocated: [0x00280100, 'US'],
  BitsStored: [0x00280101, 'US'],
  HighBit: [0x00280102, 'US'],
  PixelRepresentation: [0x00280103, 'US'],
  PixelPaddingValue: [0x00280120, 'XS'],
  PixelPaddingRangeLimit: [0x00280121, 'XS'],
  WindowCenter: [0x00281050, 'DS'],
  WindowWidth: [0x00281051, 'DS'],
  RescaleIntercept: [0x00281052, 'DS'],
  RescaleSlope: [0x00281053, 'DS'],
  VOILUTFunction: [0x00281056, 'CS'],
  ModalityLUTSequence: [0x00283000, 'SQ'],
  LUTDescriptor: [0x00283002, 'XS'],
  LUTData: [0x00283006, 'OX'],
  VOILUTSequence: [0x00283010, 'SQ'],
  PresentationLUTShape: [0x20500020, 'CS'],
  ViewCodeSequence: [0x00540220, 'SQ'],
  PixelData: [0x7fe00010, 'OX'],
} as const;

export type Keyword = keyof typeof FIELDS;

// Only what looks like a code may be repeated in a message: free text can hold a patient's name.
const CODE = /^[A-Z0-9][A-Z0-9 _/+-]{0,30}$/;
const DATE = /^(\d{4})\.?(\d{2})\.?(\d{2})$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const TEXT_VRS = new Set(['AE', 'AS', 'CS', 'DA', 'DS', 'DT', 'IS', 'LO', 'LT', 'PN', 'SH', 'ST', 'TM', 'UC', 'UI', 'UR', 'UT']);

type Reading = readonly [bytes: number, read: (view: DataView, at: number, isLittleEndian: boolean) => number];

const BINARY_VRS: Readonly<Record<string, Reading>> = {
  US: [2, (view, at, little) => view.getUint16(at, little)],
  SS: [2, (view, at, little) => view.getInt16(at, little)],
  UL: [4, (view, at, little) => view.getUint32(at, little)],
  SL: [4, (view, at, little) => view.getInt32(at, little)],
  FL: [4, (view, at, little) => view.getFloat32(at, little)],
  FD: [8, (view, at, little) => view.getFloat64(at, little)],
};

/** Whether the header has the field at all. */
export function has(dataset: DataSet, keyword: Keyword): boolean {
  return dataset.elements.has(FIELDS[keyword][0]);
}

/** The field's text, trimmed; of several values the one at `place`. */
export function text(dataset: DataSet, keyword: Keyword, place = 0): string | null {
  return values(dataset, keyword)[place]?.replace(/^[ \0\n\r\t]+|[ \0\n\r\t]+$/g, '') || null;
}

/** The field's text in upper case, if it looks like a code word; "?" if it is something else. */
export function code(dataset: DataSet, keyword: Keyword, place = 0): string | null {
  const found = text(dataset, keyword, place)?.toUpperCase();
  if (found === undefined) return null;
  return CODE.test(found) ? found : '?';
}

/** The field's finite numbers; empty if it is missing or any of them is not one. */
export function numbers(dataset: DataSet, keyword: Keyword, isSigned = false): number[] {
  const found = values(dataset, keyword, isSigned).map((value) => value.trim());
  if (!found.every((value) => NUMBER.test(value))) return [];
  const numeric = found.map(Number);
  return numeric.every(Number.isFinite) ? numeric : [];
}

/** The field's first value as an integer. */
export function integer(dataset: DataSet, keyword: Keyword, isSigned = false): number | null {
  const found = numbers(dataset, keyword, isSigned)[0];
  return Number.isInteger(found) ? found : null;
}

/** The field's date, in days since 1970. */
export function day(dataset: DataSet, keyword: Keyword): number | null {
  const match = DATE.exec(text(dataset, keyword) ?? '');
  if (match === null) return null;
  const [year, month, dayOfMonth] = match.slice(1).map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, dayOfMonth);
  const isReal = year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === dayOfMonth;
  return isReal ? Math.round(date.getTime() / 86_400_000) : null;
}

/** The first item of the sequence; null if there is none, or it cannot be followed. */
export function firstItem(dataset: DataSet, keyword: Keyword): DataSet | null {
  const element = found(dataset, keyword);
  if (element === null || typeOf(element, keyword) !== 'SQ') return null;
  try {
    return readFirstItem(element.bytes, dataset.encoding);
  } catch {
    return null;
  }
}

/** The field's bytes, where its type leaves them bytes; null if there are none. */
export function raw(dataset: DataSet, keyword: Keyword): Uint8Array<ArrayBuffer> | null {
  const element = found(dataset, keyword);
  if (element === null || element.bytes.length === 0) return null;
  return ['OX', 'OB', 'OW', 'UN'].includes(typeOf(element, keyword)) ? element.bytes : null;
}

/** The type that the field is written in. */
export function vr(dataset: DataSet, keyword: Keyword): string {
  return found(dataset, keyword)?.vr ?? '';
}

/** The field's values as text; `isSigned` decides where the file leaves the sign open. */
function values(dataset: DataSet, keyword: Keyword, isSigned = false): string[] {
  const element = found(dataset, keyword);
  if (element === null || element.bytes.length === 0) return [];
  const type = typeOf(element, keyword);
  if (TEXT_VRS.has(type)) return texts(element.bytes);
  const reading = BINARY_VRS[type === 'XS' ? (isSigned ? 'SS' : 'US') : type];
  return reading === undefined ? [] : binaries(element.bytes, reading, dataset.encoding.isLittleEndian);
}

function texts(bytes: Uint8Array): string[] {
  const whole = new TextDecoder('latin1').decode(bytes).replace(/[ \0]+$/, '');
  return whole === '' ? [] : whole.split('\\');
}

function binaries(bytes: Uint8Array, [size, read]: Reading, isLittleEndian: boolean): string[] {
  if (bytes.length % size !== 0) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / size }, (_, i) => String(read(view, i * size, isLittleEndian)));
}

function found(dataset: DataSet, keyword: Keyword): Element | null {
  return dataset.elements.get(FIELDS[keyword][0]) ?? null;
}

/** The file's word on the type; the standard's where the file does not say. */
function typeOf(element: Element, keyword: Keyword): string {
  return element.vr === '' || element.vr === 'UN' ? FIELDS[keyword][1] : element.vr;
}
