/** What a DICOM header tells about the film: view, side, body part, pixel spacing, age, orientation. */

import { message, type Message } from '../message';
import type { Laterality, Sex, View } from '../radiograph';
import type { DataSet } from './elements';
import * as fields from './fields';

/** An answer (missing = not known) and the cautions that belong to it. */
export interface Answer<T> {
  readonly value?: T;
  readonly cautions: readonly Message[];
}

// Defined terms of View Position (CR: C.8.1.2, DX: C.8.11.5) and what is written there instead.
const VIEWS: Readonly<Record<View, readonly string[]>> = {
  PA: ['PA'],
  AP: ['AP'],
  LATERAL: ['LL', 'RL', 'LATERAL', 'LAT', 'LLAT', 'RLAT', 'LM', 'ML'],
  OBLIQUE: ['RLO', 'LLO', 'OBLIQUE', 'OBL', 'LAO', 'RAO', 'LPO', 'RPO'],
};

// PS3.16 CID 4010, as SNOMED CT and, in older files, as SNOMED RT.
const VIEW_CODES: Readonly<Record<View, readonly string[]>> = {
  PA: ['272479007', 'R-10214'],
  AP: ['399348003', 'R-10206'],
  LATERAL: ['399067008', 'R-10232', 'R-10236', '399173006', '399198007', 'R-10228'],
  OBLIQUE: ['399182000', 'R-10238'],
};

// Where the patient lies (head or feet first, prone …): says nothing about the beam.
const POSITION = /^(HF|FF|LF|RF|AF|PF)(P|S|DR|DL)$/;

// Defined terms of PS3.16 Annex L that are not a word, and the names other makers use.
const BODY_PARTS: ReadonlyMap<string, string> = new Map([
  ['thorax', 'chest'],
  ['cspine', 'cervical spine'],
  ['tspine', 'thoracic spine'],
  ['lspine', 'lumbar spine'],
  ['sspine', 'sacrum'],
  ['ctspine', 'cervicothoracic spine'],
  ['tlspine', 'thoracolumbar spine'],
  ['lsspine', 'lumbosacral spine'],
  ['wholespine', 'whole spine'],
  ['abdomenpelvis', 'abdomen and pelvis'],
  ['chestabdomen', 'chest and abdomen'],
  ['chestabdpelvis', 'chest, abdomen and pelvis'],
]);

const AGE = /^(\d{1,3})([DWMY]?)$/;
const DAYS_PER_YEAR = 365.25;
const PER_YEAR: Readonly<Record<string, number>> = { D: DAYS_PER_YEAR, W: DAYS_PER_YEAR / 7, M: 12, Y: 1, '': 1 };
const OLDEST = 130;

/**
 * The view: View Position, else the View Code Sequence, else Patient Position.
 *
 * Public teaching sets write PA and AP into Patient Position, where neither is a legal value.
 */
export function view(dataset: DataSet): Answer<View> {
  let word = fields.code(dataset, 'ViewPosition');
  if (word === null) {
    const item = fields.firstItem(dataset, 'ViewCodeSequence');
    const coded = item && viewIn(VIEW_CODES, fields.text(item, 'CodeValue'));
    if (coded) return { value: coded, cautions: [] };
    word = fields.code(dataset, 'PatientPosition');
    if (word === null || POSITION.test(word)) return { cautions: [] };
  }
  const value = viewIn(VIEWS, word);
  return value ? { value, cautions: [] } : { cautions: [message('image.caution.view', { found: word })] };
}

/** The side of a paired body part. */
export function laterality(dataset: DataSet): Laterality | undefined {
  const words = [fields.code(dataset, 'ImageLaterality'), fields.code(dataset, 'Laterality')];
  return words.find((word): word is Laterality => word === 'L' || word === 'R' || word === 'B');
}

/** The body part in lower-case English: Body Part Examined, else Anatomic Region Sequence. */
export function bodyPart(dataset: DataSet): string | undefined {
  let words = fields.code(dataset, 'BodyPartExamined');
  const item = fields.firstItem(dataset, 'AnatomicRegionSequence');
  if (words === null && item !== null) words = fields.code(item, 'CodeMeaning');
  if (!words || words === '?') return undefined;
  const plain = words.toLowerCase().replaceAll('_', ' ').trim().replace(/\s+/g, ' ');
  return BODY_PARTS.get(plain.replaceAll(' ', '')) ?? plain;
}

/** Millimetres (down, across): Pixel Spacing, else Imager Pixel Spacing (at the detector). */
export function spacingMm(dataset: DataSet): readonly [number, number] | undefined {
  for (const keyword of ['PixelSpacing', 'ImagerPixelSpacing'] as const) {
    const steps = fields.numbers(dataset, keyword);
    if (steps.length === 2 && steps.every((step) => step > 0 && step < 1000)) return [steps[0], steps[1]];
  }
  return undefined;
}

/** The age at the examination: Patient's Age, else from birth date and study date. */
export function ageYears(dataset: DataSet): Answer<number> {
  const match = AGE.exec((fields.text(dataset, 'PatientAge') ?? '').toUpperCase());
  if (match === null) return ageByDates(dataset);
  const value = Number(match[1]) / PER_YEAR[match[2]];
  if (value > OLDEST) return { cautions: [message('image.caution.age', { years: Math.round(value) })] };
  return { value, cautions: match[2] === '' ? [message('image.caution.ageUnit')] : [] };
}

/** The patient's sex; not known where Patient's Sex says "O" (other), nothing, or what it cannot. */
export function sex(dataset: DataSet): Sex | undefined {
  const word = fields.code(dataset, 'PatientSex');
  return word === 'F' || word === 'M' ? word : undefined;
}

/**
 * Cautions where Patient Orientation says that the film is not stored upright.
 *
 * The pixels are left as they are stored, which is what a viewer shows: headers are wrong about
 * this more often than films are.
 */
export function orientation(dataset: DataSet, direction: View | undefined, part: string | undefined): Message[] {
  const across = fields.code(dataset, 'PatientOrientation', 0) ?? '';
  const down = fields.code(dataset, 'PatientOrientation', 1) ?? '';
  if (down.startsWith('H')) return [message('image.caution.upsideDown')];
  if (/^[HF]/.test(across) && down) return [message('image.caution.onItsSide')];
  const isFrontalChest = part === 'chest' && (direction === 'PA' || direction === 'AP');
  return isFrontalChest && across.startsWith('R') && down ? [message('image.caution.swapped')] : [];
}

/** The age when the film was taken, which may be years before it was scanned into a study. */
function ageByDates(dataset: DataSet): Answer<number> {
  const born = fields.day(dataset, 'PatientBirthDate');
  const keywords = ['AcquisitionDate', 'StudyDate', 'SeriesDate', 'ContentDate'] as const;
  const dates = keywords.map((keyword) => fields.day(dataset, keyword)).filter((date) => date !== null);
  if (born === null || dates.length === 0) return { cautions: [] };
  const value = (dates[0] - born) / DAYS_PER_YEAR;
  if (value < 0 || value > OLDEST) return { cautions: [] };
  const isClear = Math.max(...dates) - Math.min(...dates) <= 366;
  return { value, cautions: isClear ? [] : [message('image.caution.ageDates', { years: Math.round(value) })] };
}

function viewIn(words: Readonly<Record<View, readonly string[]>>, word: string | null): View | undefined {
  const all: readonly View[] = ['PA', 'AP', 'LATERAL', 'OBLIQUE'];
  return word === null ? undefined : all.find((direction) => words[direction].includes(word));
}
