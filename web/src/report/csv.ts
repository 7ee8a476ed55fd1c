/** Predictions as a table, the twin of plainfilm/reports/as_csv.py: RFC 4180, no formulas. */
import type { Prediction } from '../types';

const COLUMNS = [
  'name', 'finding', 'display', 'probability', 'score', 'threshold', 'present',
  'calibrated', 'familiarity', 'refused', 'cautions',
  'bundle', 'bundle_version', 'bundle_sha256',
  'age_years', 'view', 'body_part', 'prevalence',
];
const FORMULA = ['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠'];

/** A row for each film and finding; a refused film has one. */
export function csvReport(predictions: Prediction[]): string {
  return [COLUMNS, ...predictions.flatMap(rows)].map((row) => row.map(quoted).join(',') + '\r\n').join('');
}

function rows(prediction: Prediction): string[][] {
  const name = safe(prediction.name);
  const about = aboutOf(prediction);
  if (prediction.refused !== null) return [[name, '', '', '', '', '', '', ...about, '']];
  return prediction.findings.map((found) => {
    const numbers = [found.probability, found.score, found.threshold].map(nine);
    const share = found.prevalence === null ? '' : nine(found.prevalence);
    return [name, safe(found.finding), safe(found.display), ...numbers, String(found.present), ...about, share];
  });
}

function aboutOf({ calibrated, familiarity, refused, cautions, bundle, read_as }: Prediction): string[] {
  return [
    String(calibrated),
    familiarity === null ? '' : nine(familiarity),
    safe(refused ?? ''),
    safe(cautions.join(' | ')),
    safe(bundle.name),
    safe(bundle.version),
    bundle.sha256,
    read_as.age_years === null ? '' : nine(read_as.age_years),
    read_as.view ?? '',
    safe(read_as.body_part ?? ''),
  ];
}

function nine(value: number): string {
  return String(Number(value.toPrecision(9))); // nine digits bring a float32 back exactly
}

function safe(text: string): string {
  const dangerous = /^[\t\r\n]/.test(text) || FORMULA.some((sign) => text.trimStart().startsWith(sign));
  return dangerous ? `'${text}` : text;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
