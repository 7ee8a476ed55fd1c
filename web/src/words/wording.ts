/** The words beside a number; the twin of plainfilm/reports/wording.py, checked by golden vectors. */
import { isOverride } from '../reading/population';
import { fixed } from '../reading/numbers';
import type { Evaluation, FindingResult, Prediction } from '../types';
import type { Key, Words } from './index';

const CHANCE = 0.5; // the AUROC of a coin
const RARE = 0.25; // of the calibration films; below, the bands of a report's words say nothing
const BANDS: [number, Key][] = [
  [0.9, 'band.most-likely'],
  [0.75, 'band.likely'],
  [0.25, 'band.may-represent'],
  [0.05, 'band.unlikely'],
];

export function kindOfNumber(words: Words, calibrated: boolean): string {
  return words.say(calibrated ? 'number.probability' : 'number.score');
}

/** A value in [0, 1]: "94 %" where calibrated, else "0.94". */
export function number(words: Words, value: number, calibrated: boolean): string {
  const [low, high] = calibrated ? ['< 1 %', '> 99 %'] : ['< 0.01', '> 0.99'];
  if (value < 0.01) return words.number(low);
  if (value > 0.99) return words.number(high);
  return words.number(calibrated ? `${fixed(100 * value, 0)} %` : fixed(value, 2));
}

/** On which side of its threshold a finding lies. */
export function verdict(words: Words, result: FindingResult): string {
  return words.say(result.present ? 'verdict.above' : 'verdict.below');
}

/** One finding in words: its side of the threshold, and how likely or how far from the average. */
export function reading(words: Words, result: FindingResult, calibrated: boolean): string {
  const side = verdict(words, result);
  if (!calibrated) return side;
  const share = result.prevalence;
  if (share === null || !(share > 0 && share < RARE)) {
    const band = BANDS.find(([edge]) => result.probability > edge)?.[1] ?? 'band.very-unlikely';
    return words.both(side, words.say(band));
  }
  const ratio = result.probability / share;
  const times = ratio < 0.1 ? words.say('times.few') : words.say('times', { ratio: words.number(fixed(ratio, 1)) });
  return words.both(side, words.say('times.average', { times, share: number(words, share, true) }));
}

/** One sentence on a whole film: what lies above its threshold, or why there is no answer. */
export function summary(words: Words, prediction: Prediction): string {
  if (prediction.refused !== null) {
    return words.say('summary.refused', { reason: words.said(prediction.refused).replace(/\.+$/, '') });
  }
  const above = prediction.findings.filter((result) => result.present).map(words.finding);
  if (above.length > 0) return words.say('summary.above', { findings: words.list(above) });
  if (prediction.findings.length === 1) {
    return words.say('summary.below', { finding: words.finding(prediction.findings[0]) });
  }
  return words.say('summary.none');
}

/** How familiar the film looked; empty where it was not measured. */
export function familiarity(words: Words, { familiarity }: Prediction): string {
  if (familiarity === null) return '';
  if (familiarity < 0.01) return words.say('familiar.least');
  return words.say('familiar', { share: fixed(100 * familiarity, 0) });
}

/** What the film was taken for. */
export function readAs(words: Words, { read_as }: Prediction): string {
  const unknown = words.say('unknown');
  return words.say('read-as', {
    age: read_as.age_years === null ? unknown : Math.floor(read_as.age_years),
    view: read_as.view ?? unknown,
    part: read_as.body_part ?? unknown,
  });
}

/** What the network was told beside the film; empty where its kind is told nothing. */
export function told(words: Words, { facts }: Prediction): string {
  if (facts === undefined) return '';
  const each = Object.entries(facts).map(([name, fact]) => `${words.say(name as Key)} ${fact ?? words.say('unknown')}`);
  return words.say('told', { what: each.join(', ') });
}

/** How well a finding is told apart, with its interval, on films such as this one. */
export function measuredFor(words: Words, prediction: Prediction, evaluation: Evaluation | null, finding: string): string {
  if (prediction.cautions.some(isOverride)) return words.say('measured.not-such');
  const found = evaluation?.findings?.[finding];
  const values = Array.isArray(found?.auroc) ? found.auroc.filter((v): v is number => typeof v === 'number') : [];
  if (found === undefined || values.length !== 3) return words.say('measured.not');
  const [auroc, low, high] = values.map((value) => words.number(fixed(value, 3)));
  const text = words.say('measured', { auroc, low, high, films: found.n_films ?? 0 });
  if (found.too_few) return words.say('measured.few', { measured: text });
  return values[1] <= CHANCE ? words.say('measured.chance', { measured: text }) : text;
}

/** Which films the bundle was measured on; empty where nothing was measured. */
export function measuredOn(words: Words, evaluation: Evaluation | null): string {
  if (evaluation?.data_set === undefined) return '';
  return words.say('measured.on', {
    data: evaluation.data_set,
    split: evaluation.split ?? '',
    films: evaluation.n_films ?? 0,
    patients: evaluation.n_patients ?? 0,
  });
}
