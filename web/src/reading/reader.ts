/** A film in, a prediction out; the twin of `Reader` in plainfilm/reading/__init__.py. */
import type { Answer, Bundle, FindingResult, Maps, Prediction, Radiograph, Said } from '../types';
import { factsVector, type Facts } from './facts';
import { checkImage } from './image_check';
import {
  checkFamiliarity,
  checkPopulation,
  contradictions,
  gather,
  overridden,
  shoutsFirst,
  type Circumstances,
} from './population';

export type GraphOutputs = Record<string, { dims: readonly number[]; data: Float32Array }>;
/** `facts` are what the graph is told; null = it is told nothing. */
export type Run = (pixels: Float32Array, height: number, width: number, facts: Told) => Promise<GraphOutputs>;
export type Told = Float32Array<ArrayBuffer> | null;

/** What the header of a film says; null = nothing. */
export function headerOf(film: Radiograph): Circumstances {
  return { ageYears: film.ageYears ?? null, view: film.view ?? null, bodyPart: film.bodyPart ?? null, sex: film.sex ?? null };
}

/** What the bundle says of a film; `run` is the graph, called only where the gate lets the film pass. */
export async function answerFor(film: Radiograph, said: Said, bundle: Bundle, run: Run): Promise<Answer> {
  const { header } = bundle;
  const told = gather(headerOf(film), said);
  const image = checkImage(film, header.input.size, told.known.bodyPart);
  const judged = checkPopulation(header.population, told);
  const population = said.outsidePopulation ? overridden(judged) : judged;
  const cautions = [...population.cautions, ...image.cautions, ...contradictions(told), ...film.cautions];
  const refused = image.refusal ?? population.refusal;
  const answer = { film, bundle, known: told.known, cautions };
  if (refused !== null) return { prediction: predictionOf({ ...answer, refused }), maps: null };
  const facts = factsOf(bundle, told.known);
  const vector = facts && factsVector(header.input.facts!.names, facts);
  const found = await run(film.pixels, film.height, film.width, vector);
  return afterRun(answer, found, said.outsidePopulation, judged.refusal !== null);
}

/** What is known of the facts that a bundle is told; null = it is told none. */
function factsOf({ header }: Bundle, known: Circumstances): Facts | null {
  if (header.input.facts === undefined) return null;
  const facts = { age: known.ageYears, sex: known.sex, view: known.view };
  return Object.fromEntries(header.input.facts.names.map((name) => [name, facts[name]]));
}

interface Reading {
  film: Radiograph;
  bundle: Bundle;
  known: Circumstances;
  cautions: string[];
  findings?: FindingResult[];
  familiarity?: number | null;
  refused?: string | null;
  outside?: boolean;
}

function afterRun(answer: Reading, found: GraphOutputs, override: boolean, outside: boolean): Answer {
  const { header } = answer.bundle;
  let familiarity = null;
  let familiar: { cautions: string[]; refusal: string | null } = { cautions: [], refusal: null };
  if (found.familiarity !== undefined && header.familiarity !== null) {
    familiarity = found.familiarity.data[0];
    familiar = checkFamiliarity(familiarity, header.familiarity);
  }
  const isOutside = outside || familiar.refusal !== null || familiar.cautions.length > 0;
  if (override) familiar = overridden(familiar);
  const refused = familiar.refusal;
  const cautions = shoutsFirst([...familiar.cautions, ...answer.cautions]);
  const findings = refused === null ? results(answer.bundle, found) : [];
  const prediction = predictionOf({ ...answer, cautions, findings, familiarity, refused, outside: isOutside });
  return { prediction, maps: refused === null ? mapsOf(found) : null };
}

function results({ header }: Bundle, found: GraphOutputs): FindingResult[] {
  return header.label_set.findings.map(({ name, display }, index) => {
    const probability = found.probability.data[index];
    const score = found.score.data[index];
    if (!Number.isFinite(score) || !(probability >= 0 && probability <= 1)) {
      throw new Error(`${name}: the graph gave ${probability}`);
    }
    const threshold = header.thresholds[name];
    const present = probability >= threshold;
    const prevalence = header.calibration.prevalence[name] ?? null;
    return { finding: name, display, probability, score, threshold, present, prevalence };
  });
}

function mapsOf(found: GraphOutputs): Maps | null {
  if (found.map === undefined) return null;
  const [, count, height, width] = found.map.dims;
  const size = height * width;
  const values = Array.from({ length: count }, (_, k) => found.map.data.subarray(k * size, (k + 1) * size));
  return { height, width, values };
}

function predictionOf(reading: Reading): Prediction {
  const { header, sha256 } = reading.bundle;
  const { known } = reading;
  const facts = factsOf(reading.bundle, known);
  return {
    schema: 'plainfilm.prediction/1',
    name: reading.film.name,
    bundle: { name: header.name, version: header.version, sha256 },
    read_as: { age_years: known.ageYears, view: known.view, body_part: known.bodyPart },
    ...(facts && { facts }),
    calibrated: header.calibration.calibrated && !reading.outside && (reading.refused ?? null) === null,
    findings: reading.findings ?? [],
    familiarity: reading.familiarity ?? null,
    cautions: reading.cautions,
    refused: reading.refused ?? null,
  };
}
