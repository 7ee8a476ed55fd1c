/** One film as every other module sees it: Python's `plainfilm.radiograph.Radiograph`. */

import type { Message } from './message';

/** The direction of the beam, named as in DICOM View Position (0018,5101). */
export type View = 'PA' | 'AP' | 'LATERAL' | 'OBLIQUE';

/** The patient's sex, as in DICOM Patient's Sex (0010,0040). */
export type Sex = 'F' | 'M';

/** The side of a paired body part, as in DICOM Image Laterality (0020,0062). */
export type Laterality = 'L' | 'R' | 'B';

export interface Radiograph {
  /** Displayed luminance, row by row from the top: 0 black (air), 1 white (bone); upright. */
  readonly pixels: Float32Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  /** What reports call the film. */
  readonly name: string;
  /** Missing = not known, here and below. */
  readonly view?: View;
  /** The patient's age at the examination. */
  readonly ageYears?: number;
  readonly sex?: Sex;
  /** Lower-case English ("chest", "knee"). */
  readonly bodyPart?: string;
  /** Millimetres from one pixel to the next: down, across. */
  readonly spacingMm?: readonly [number, number];
  readonly laterality?: Laterality;
  /** What the reader of the file wants every later reader to know. */
  readonly cautions: readonly Message[];
}
