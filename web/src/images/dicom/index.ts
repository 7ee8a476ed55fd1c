/**
 * DICOM file → Radiograph: computed and digital radiography (CR, DX) and digitised film (RG).
 *
 * What is no plain film is refused before its pixels are decoded.
 */

import { displayed, type StoredBits } from '../display';
import { notARadiograph, unreadable } from '../errors';
import { checkSize } from '../guard';
import { message, type Message, type MessageKey } from '../message';
import type { Radiograph } from '../radiograph';
import { readDisplay } from './display_fields';
import type { DataSet } from './elements';
import * as fields from './fields';
import * as film from './film';
import { parseDicom } from './file';
import { storedValues, type PixelLayout } from './pixels';

/** Computed radiography, digital radiography, radiographic film that was scanned. */
const MODALITIES = ['CR', 'DX', 'RG'];

const COLOURS = ['RGB', 'YBR', 'PALETTE', 'HSV', 'ARGB', 'CMYK', 'XYB'];

const OTHER_MODALITIES: ReadonlyMap<string, MessageKey> = new Map([
  ['CT', 'image.modality.CT'],
  ['MR', 'image.modality.MR'],
  ['US', 'image.modality.US'],
  ['MG', 'image.modality.MG'],
  ['NM', 'image.modality.NM'],
  ['PT', 'image.modality.PT'],
  ['XA', 'image.modality.XA'],
  ['RF', 'image.modality.RF'],
  ['PX', 'image.modality.PX'],
  ['IO', 'image.modality.IO'],
  ['SR', 'image.modality.SR'],
  ['PR', 'image.modality.PR'],
  ['SEG', 'image.modality.SEG'],
  ['DOC', 'image.modality.DOC'],
  ['ECG', 'image.modality.ECG'],
  ['XC', 'image.modality.XC'],
  ['ES', 'image.modality.ES'],
]);

/** The film in a DICOM file, as it would be displayed. */
export async function readDicom(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<Radiograph> {
  const { dataset, syntax } = await parseDicom(bytes);
  checkKind(dataset);
  const layout = layoutOf(dataset);
  const display = readDisplay(dataset, layout.stored);
  const stored = await storedValues(dataset, layout, syntax);
  const view = film.view(dataset);
  const age = film.ageYears(dataset);
  const bodyPart = film.bodyPart(dataset);
  const position = film.orientation(dataset, view.value, bodyPart);
  return {
    pixels: displayed(stored, layout.stored, display.value),
    width: layout.width,
    height: layout.height,
    name,
    view: view.value,
    ageYears: age.value,
    sex: film.sex(dataset),
    bodyPart,
    spacingMm: film.spacingMm(dataset),
    laterality: film.laterality(dataset),
    cautions: [...rawImage(dataset), ...display.cautions, ...view.cautions, ...age.cautions, ...position],
  };
}

function checkKind(dataset: DataSet): void {
  const modality = fields.code(dataset, 'Modality');
  if (modality === null && !fields.has(dataset, 'PixelData')) throw unreadable('image.noImage');
  if (modality === null) throw notARadiograph('image.modality.missing');
  if (!MODALITIES.includes(modality)) {
    throw notARadiograph(OTHER_MODALITIES.get(modality) ?? 'image.modality.other', { found: modality });
  }
  const nFrames = fields.integer(dataset, 'NumberOfFrames');
  if (nFrames !== null && nFrames > 1) throw notARadiograph('image.severalFrames', { frames: nFrames });
  checkPhotometric(dataset);
}

function checkPhotometric(dataset: DataSet): void {
  const found = fields.code(dataset, 'PhotometricInterpretation');
  if (found === null) throw unreadable('image.noPhotometric');
  const nSamples = fields.integer(dataset, 'SamplesPerPixel') ?? 1;
  if (nSamples !== 1 || COLOURS.some((colour) => found.startsWith(colour))) {
    throw notARadiograph('image.colourDicom', { found, samples: nSamples });
  }
  if (found !== 'MONOCHROME1' && found !== 'MONOCHROME2') throw unreadable('image.photometric', { found });
}

function layoutOf(dataset: DataSet): PixelLayout {
  const height = required(dataset, 'Rows');
  const width = required(dataset, 'Columns');
  checkSize(height, width);
  const allocated = required(dataset, 'BitsAllocated');
  const bits = fields.integer(dataset, 'BitsStored') ?? allocated;
  const highBit = fields.integer(dataset, 'HighBit') ?? bits - 1;
  const sign = fields.integer(dataset, 'PixelRepresentation') ?? 0;
  const fits = bits >= 1 && bits <= highBit + 1 && highBit + 1 <= allocated && (sign === 0 || sign === 1);
  if ((allocated !== 8 && allocated !== 16) || !fits) throw unreadable('image.bits', { bits, highBit, allocated, sign });
  const stored: StoredBits = { bits, isSigned: sign === 1 };
  return { height, width, allocated, highBit, stored };
}

function required(dataset: DataSet, keyword: fields.Keyword): number {
  const found = fields.integer(dataset, keyword);
  if (found === null) throw unreadable('image.missingField', { field: keyword });
  return found;
}

function rawImage(dataset: DataSet): Message[] {
  const isRaw = fields.code(dataset, 'PresentationIntentType') === 'FOR PROCESSING';
  return isRaw ? [message('image.caution.forProcessing')] : [];
}
