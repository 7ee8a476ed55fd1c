/** The page says what Python says: every case of tests/golden/page.json. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fit } from '../../src/reading/fit';
import { heatmap, ramp } from '../../src/reading/heatmap';
import { checkImage } from '../../src/reading/image_check';
import { uprightness } from '../../src/reading/polarity';
import { checkFamiliarity, checkPopulation, contradictions, gather, overridden } from '../../src/reading/population';
import { answerFor } from '../../src/reading/reader';
import type { FindingResult } from '../../src/types';
import { LANGUAGES, Words } from '../../src/words';
import * as wording from '../../src/words/wording';
import { picture } from './pictures';

const golden = JSON.parse(readFileSync(new URL('../../../tests/golden/page.json', import.meta.url), 'utf8'));
const words = new Words(LANGUAGES[0], await LANGUAGES[0].load());

function close(found: ArrayLike<number>, expected: number[], by = 1e-5): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(found[i] - expected[i])).toBeLessThan(by);
}

test('drawn films pass the image check as in Python', () => {
  expect(golden.pictures.length).toBeGreaterThan(100);
  for (const { formula, height, width, body_part, uprightness: upright, cautions, refusal } of golden.pictures) {
    const film = picture(formula, height, width);
    const part = body_part === null ? null : body_part.toLowerCase();
    expect({ formula, height, width, ...checkImage(film, 96, part) }).toEqual({ formula, height, width, cautions, refusal });
    close([uprightness(film)], [upright]);
  }
});

test('what is known, contradicted, outside and missing is as in Python', () => {
  expect(golden.populations.length).toBeGreaterThan(100);
  for (const { population, header, said, known, contradictions: told, ...expected } of golden.populations) {
    const found = gather(header, said);
    const check = checkPopulation(population, found);
    expect(found.known).toEqual(known);
    expect(contradictions(found)).toEqual(told);
    expect({ ...check, overridden: overridden(check).cautions }).toEqual(expected);
  }
});

test('familiarity cautions and refuses as in Python', () => {
  for (const { familiarity, cut, ...expected } of golden.familiarity) {
    expect(checkFamiliarity(familiarity, cut)).toEqual(expected);
  }
});

test('a film is fitted as the graph fits it', () => {
  for (const { height, width, size, policy, fitted } of golden.fits) {
    close(fit(picture('noise', height, width), size, policy), fitted, 2e-6);
  }
});

describe('words', () => {
  test('beside a number are those of the reports', () => {
    for (const { probability, prevalence, calibrated, present, number, kind, reading } of golden.words) {
      const result: FindingResult = { finding: 'mass', display: 'Mass', probability, score: 0, threshold: 0.335, present, prevalence };
      expect(wording.number(words, probability, calibrated)).toBe(number);
      expect(wording.kindOfNumber(words, calibrated)).toBe(kind);
      expect(wording.reading(words, result, calibrated)).toBe(reading);
    }
  });

  test('on a whole film are those of the reports', () => {
    for (const { prediction, summary, familiar, read_as } of golden.summaries) {
      expect(wording.summary(words, prediction)).toBe(summary);
      expect(wording.familiarity(words, prediction)).toBe(familiar);
      expect(wording.readAs(words, prediction)).toBe(read_as);
    }
  });

  test('on what was measured are those of the reports', () => {
    const { prediction } = golden.summaries[0];
    for (const { evaluation, measured, on } of golden.measured) {
      expect(wording.measuredFor(words, prediction, evaluation, 'mass')).toBe(measured);
      expect(wording.measuredOn(words, evaluation)).toBe(on);
    }
  });
});

test('a map lies over the film as in Python, for every fit', () => {
  for (const { values, policy, height, width, heat } of golden.heatmaps) {
    const map = { values: Float32Array.from(values), height: 2, width: 3 };
    close(heatmap(map, { height, width }, policy), heat);
  }
});

test('S0-70: the hottest pixel lies in the hottest cell, whatever the film\'s shape', () => {
  for (let hottest = 0; hottest < 35; hottest++) {
    const values = Float32Array.from({ length: 35 }, (_, i) => (i === hottest ? 1 : ((i * 37) % 35) / 100));
    for (const [height, width] of [[70, 100], [100, 70], [33, 211], [512, 512]]) {
      const heat = heatmap({ values, height: 5, width: 7 }, { height, width }, 'squash');
      const at = heat.reduce((best, value, i) => (value > heat[best] ? i : best), 0);
      const cell = [Math.floor((5 * Math.floor(at / width)) / height), Math.floor((7 * (at % width)) / width)];
      expect(cell).toEqual([Math.floor(hottest / 7), hottest % 7]);
    }
  }
});

test('the colours of heat are the same bytes', () => {
  expect([...ramp()]).toEqual(golden.ramp);
});

test('whole readings are the same predictions', async () => {
  const { header, sha256, cases } = golden.reader;
  for (const { formula, age, view, override, outputs, prediction } of cases) {
    const film = { ...picture(formula, 120, 100), name: `${formula}.png`, view: 'PA' as const, bodyPart: 'chest', cautions: ['drawn'] };
    const said = { ageYears: age, view, bodyPart: null, sex: null, outsidePopulation: override };
    const run = async () => {
      const entries = Object.entries(outputs as Record<string, number[]>);
      return Object.fromEntries(entries.map(([name, data]) => [name, { dims: [1, data.length], data: Float32Array.from(data) }]));
    };
    const answer = await answerFor(film, said, { header, sha256, evaluation: null }, run);
    const rounded = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value);
    expect(JSON.parse(JSON.stringify(answer.prediction, rounded))).toEqual(JSON.parse(JSON.stringify(prediction, rounded)));
  }
});
