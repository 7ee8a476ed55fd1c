/** Whether a film is of the people and kind the bundle is for; the twin of plainfilm/reading/gate.py. */
import type { FamiliarityCut, Population } from '../types';
import type { Check } from './image_check';
import { apart, general } from './numbers';

/** What is known of a film beside its pixels; null = not known. */
export interface Circumstances {
  ageYears: number | null;
  view: string | null;
  bodyPart: string | null;
  sex: string | null;
}

/** What counts (the caller's word, else the header's), and what the header says. */
export interface Told {
  known: Circumstances;
  header: Circumstances;
}

const SAME_AGE_YEARS = 1; // ages that differ by less say the same
const NO_POPULATION = 'the bundle does not say whose films it is for; nobody has measured that here';
const SHOUT = 'OUTSIDE POPULATION';

export function gather(header: Circumstances, said: Circumstances): Told {
  const own = { ...header, bodyPart: part(header.bodyPart) };
  const known = {
    ageYears: said.ageYears ?? own.ageYears,
    view: said.view || own.view,
    bodyPart: part(said.bodyPart) ?? own.bodyPart,
    sex: said.sex || own.sex,
  };
  return { known, header: own };
}

/** A caution for each thing that the header says otherwise. */
export function contradictions({ known, header }: Told): string[] {
  const pairs: [string, string | null, string | null][] = [
    ['view', header.view, known.view],
    ['body part', header.bodyPart, known.bodyPart],
    ['sex', header.sex, known.sex],
  ];
  if (!sameAge(known, header)) pairs.unshift(['age', years(header), years(known)]);
  return pairs
    .filter(([, read, said]) => read !== null && read !== said)
    .map(([what, read, said]) => {
      return `the film's header says ${what} ${read}, the caller says ${said}; the caller's was taken`;
    });
}

/** Refused where known to be outside, by what counts or by the header; what is not known is cautioned. */
export function checkPopulation(population: Population | null, { known, header }: Told): Check {
  if (population === null) return { cautions: [NO_POPULATION], refusal: null };
  const own = sameAge(known, header) ? { ...header, ageYears: null } : header;
  const outside = outsideOf(population, known);
  const byHeader = outsideOf(population, own).filter((words) => !outside.includes(words));
  const all = [...outside, ...byHeader.map((words) => `by the film's header ${words}`)];
  const cautions = unknown(missing(population, known), population.words);
  if (all.length === 0) return { cautions, refusal: null };
  return { cautions, refusal: `${all.join('; ')}. The bundle is only for ${population.words}` };
}

/** Whether the film is like those the network learned from. */
export function checkFamiliarity(familiarity: number, cut: FamiliarityCut): Check {
  if (familiarity < cut.refuse_below) {
    const [found, least] = apart(familiarity, cut.refuse_below);
    return { cautions: [], refusal: `unlike any film the network learned from (familiarity ${found}; at least ${least})` };
  }
  if (familiarity < cut.caution_below) {
    const [found, usual] = apart(familiarity, cut.caution_below);
    return { cautions: [`little like the films the network learned from (familiarity ${found}; usual ${usual})`], refusal: null };
  }
  return { cautions: [], refusal: null };
}

/** The check with its refusal turned into a caution that shouts. */
export function overridden(check: Check): Check {
  if (check.refusal === null) return check;
  return { cautions: [`${SHOUT}: ${check.refusal}`, ...check.cautions], refusal: null };
}

export function isOverride(caution: string): boolean {
  return caution.startsWith(SHOUT);
}

export function shoutsFirst(cautions: string[]): string[] {
  return [...cautions.filter(isOverride), ...cautions.filter((caution) => !isOverride(caution))];
}

/** What the bundle asks and nobody has said. */
export function missing(population: Population | null, known: Circumstances): string[] {
  if (population === null) return [];
  const facts: [string, unknown][] = [
    ['view', known.view],
    ['body part', known.bodyPart],
  ];
  if (population.age_years !== null) facts.unshift(['age', known.ageYears]);
  return facts.filter(([, fact]) => fact === null).map(([what]) => what);
}

function outsideOf(population: Population, found: Circumstances): string[] {
  const outside = [];
  if (population.age_years !== null && found.ageYears !== null) {
    const [low, high] = population.age_years;
    if (!(low <= found.ageYears && found.ageYears < high + 1)) {
      outside.push(`age ${years(found)}, expected ${general(low)} to ${general(high)} years`);
    }
  }
  if (found.view !== null && !population.views.includes(found.view)) {
    outside.push(`view ${found.view}, expected ${population.views.join(' or ')}`);
  }
  if (found.bodyPart !== null && !population.body_parts.includes(found.bodyPart)) {
    outside.push(`body part ${found.bodyPart}, expected ${population.body_parts.join(' or ')}`);
  }
  return outside;
}

/** The age as a person would say it: years, under 3 with one decimal. */
function years({ ageYears }: Circumstances): string | null {
  if (ageYears === null) return null;
  const tenths = Math.floor(10 * ageYears) / 10; // never rounded up over a birthday
  return ageYears < 3 ? general(tenths) : String(Math.floor(ageYears));
}

function sameAge(one: Circumstances, other: Circumstances): boolean {
  if (one.ageYears === null || other.ageYears === null) return true;
  return Math.abs(one.ageYears - other.ageYears) < SAME_AGE_YEARS;
}

function part(bodyPart: string | null): string | null {
  return bodyPart?.trim().toLowerCase() || null;
}

function unknown(names: string[], words: string): string[] {
  if (names.length === 0) return [];
  const named = names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names[0];
  const verb = names.length > 1 ? 'are' : 'is';
  return [`${named} ${verb} not known; make sure that the film is one of ${words}`];
}
