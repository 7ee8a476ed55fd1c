/** What travels between the engines, the views and the reports; the words are those of the Python side. */
import type { View } from './images';
import type { FactName, Facts } from './reading/facts';

export type { View };

/** As in DICOM Patient's Sex (0010,0040). */
export type Sex = 'F' | 'M';

/** A film as displayed (images/radiograph.ts), its cautions already sentences. */
export interface Radiograph {
  readonly pixels: Float32Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
  readonly name: string;
  readonly view?: View;
  readonly ageYears?: number;
  readonly sex?: Sex;
  readonly bodyPart?: string;
  readonly cautions: readonly string[];
}

export interface FindingResult {
  finding: string;
  display: string;
  probability: number;
  score: number;
  threshold: number;
  present: boolean;
  prevalence: number | null;
}

/** The schema `plainfilm.prediction/1`; docs/reference/prediction.md. */
export interface Prediction {
  schema: 'plainfilm.prediction/1';
  name: string;
  bundle: { name: string; version: string; sha256: string };
  read_as: { age_years: number | null; view: string | null; body_part: string | null };
  /** What the network was told beside the film; only of a bundle that is told any. */
  facts?: Facts;
  calibrated: boolean;
  findings: FindingResult[];
  familiarity: number | null;
  cautions: string[];
  refused: string | null;
}

/** Signed maps, one per finding in the bundle's order, each height x width in rows. */
export interface Maps {
  height: number;
  width: number;
  values: Float32Array[];
}

export interface Answer {
  prediction: Prediction;
  maps: Maps | null;
}

export type FitPolicy = 'squash' | 'pad' | 'crop';

export interface Population {
  body_parts: string[];
  views: string[];
  age_years: [number, number] | null;
  words: string;
}

export interface FamiliarityCut {
  caution_below: number;
  refuse_below: number;
  method: string;
}

/** The fields of bundle.json (docs/reference/bundle.md) that the page reads. */
export interface BundleHeader {
  format: string;
  name: string;
  version: string;
  created: string;
  label_set: { findings: { name: string; display: string }[]; exclusive: boolean };
  /** `facts`: what the network is told beside a film (format 2 only). */
  input: { size: number; policy: FitPolicy; facts?: { names: FactName[]; coding: string } };
  map: { height: number; width: number; display_max: number } | null;
  thresholds: Record<string, number>;
  threshold_rule: string;
  calibration: { calibrated: boolean; method: string; source: string; prevalence: Record<string, number> };
  familiarity: FamiliarityCut | null;
  /** null = the bundle does not say whose films it is for. */
  population: Population | null;
  intended_use: string;
  limits: string[];
  provenance: { data_set: string; n_patients: number };
  licences: { code: string; weights: string; training_data: string };
  citation: string;
}

/** evaluation.json, as far as it is shown. */
export interface Evaluation {
  data_set?: string;
  split?: string;
  n_films?: number;
  n_patients?: number;
  findings?: Record<string, { auroc?: unknown; n_films?: number; too_few?: boolean } | undefined>;
}

export interface Bundle {
  header: BundleHeader;
  sha256: string;
  evaluation: Evaluation | null;
}

/** What the person says of a film; null = see its header. */
export interface Said {
  ageYears: number | null;
  view: View | null;
  bodyPart: string | null;
  sex: Sex | null;
  outsidePopulation: boolean;
}

export const NOTHING_SAID: Said = { ageYears: null, view: null, bodyPart: null, sex: null, outsidePopulation: false };
