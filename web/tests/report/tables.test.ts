import { expect, test } from 'vitest';
import { csvReport } from '../../src/report/csv';
import { jsonReport } from '../../src/report/json';
import type { Prediction } from '../../src/types';

const refused: Prediction = {
  schema: 'plainfilm.prediction/1',
  name: '=cmd()',
  bundle: { name: 'tiny', version: '1', sha256: 'ab' },
  read_as: { age_years: null, view: null, body_part: null },
  calibrated: true,
  findings: [],
  familiarity: null,
  cautions: ['one, "two"', 'three'],
  refused: 'too small',
};
const found = { finding: 'mass', display: 'Mass', probability: 0.25, score: -1, threshold: 0.5, present: false, prevalence: null };

test('a refused film has one row, and nothing runs as a formula', () => {
  const [head, row, rest] = csvReport([refused]).split('\r\n');
  expect(head.split(',')).toHaveLength(18);
  expect(row).toBe(`'=cmd(),,,,,,,true,,too small,"one, ""two"" | three",tiny,1,ab,,,,`);
  expect(rest).toBe('');
});

test('each finding has a row', () => {
  const read_as = { age_years: 3, view: 'PA', body_part: 'chest' };
  const told = { ...found, prevalence: 0.625 };
  const text = csvReport([{ ...refused, read_as, name: 'a.png', refused: null, cautions: [], findings: [told, told] }]);
  expect(text.split('\r\n').slice(1, 3)).toEqual(Array(2).fill('a.png,mass,Mass,0.25,-1,0.5,false,true,,,,tiny,1,ab,3,PA,chest,0.625'));
});

test('one film is an object, several are an array', () => {
  expect(JSON.parse(jsonReport([refused]))).toEqual(refused);
  expect(JSON.parse(jsonReport([refused, refused]))).toEqual([refused, refused]);
});
