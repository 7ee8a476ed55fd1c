/** A bundle that is told facts: what the page tells it, and says that it told. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tensorRequest } from '../../src/engine/tensors';
import { factsVector, type FactName } from '../../src/reading/facts';
import { answerFor } from '../../src/reading/reader';
import { NOTHING_SAID, type Bundle } from '../../src/types';
import { loaded, LANGUAGES } from '../../src/words';
import { told } from '../../src/words/wording';
import { picture } from './pictures';

const golden = JSON.parse(readFileSync(new URL('../../../tests/golden/page.json', import.meta.url), 'utf8'));
const NAMES: FactName[] = ['age', 'sex', 'view'];
const FILM = { ...picture('chest', 120, 100), name: 'chest.png', bodyPart: 'chest', cautions: [] };

test('S0-85: the columns are those of plainfilm.facts/1, and what is not known is zeros', () => {
  expect([...factsVector(NAMES, { age: 60, sex: 'F', view: 'AP' })].map((x) => Number(x.toFixed(6)))).toEqual([1, 0.6, 1, 0, 0, 1, 0, 0]);
  expect([...factsVector(NAMES, { age: 0, sex: 'M' })]).toEqual([1, 0, 0, 1, 0, 0, 0, 0]);
  expect([...factsVector(NAMES, { age: null, sex: 'O', view: '' })]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  expect([...factsVector(['sex'], { age: 60, sex: 'F' })]).toEqual([1, 0]);
});

function bundle(names?: FactName[]): Bundle {
  const { header, sha256 } = golden.reader;
  const input = names === undefined ? header.input : { ...header.input, facts: { names, coding: 'plainfilm.facts/1' } };
  return { header: { ...header, input, population: null }, sha256, evaluation: null };
}

async function asked(of: Bundle, film: object, said: object) {
  const seen: (Float32Array | null)[] = [];
  const answer = await answerFor({ ...FILM, ...film }, { ...NOTHING_SAID, ...said }, of, async (_pixels, _height, _width, facts) => {
    seen.push(facts);
    const each = { dims: [1, 2], data: Float32Array.from([0.2, 0.3]) };
    return { probability: each, score: each, familiarity: { dims: [1], data: Float32Array.from([0.9]) } };
  });
  return { vector: seen[0], prediction: answer.prediction };
}

test('S0-85: header and person are told to the network, the person counts more, and the answer says so', async () => {
  const { vector, prediction } = await asked(bundle(NAMES), { sex: 'M', ageYears: 60, view: 'PA' }, { sex: 'F' });
  expect([...vector!]).toEqual([...factsVector(NAMES, { age: 60, sex: 'F', view: 'PA' })]);
  expect(prediction.facts).toEqual({ age: 60, sex: 'F', view: 'PA' });
  expect(prediction.cautions).toContain("the film's header says sex M, the caller says F; the caller's was taken");
  expect(Object.keys(prediction).indexOf('facts')).toBe(Object.keys(prediction).indexOf('read_as') + 1);
  expect(told(await loaded(LANGUAGES[0]), prediction)).toBe('The network was told: age 60, sex F, view PA.');
});

test('S0-85: a bundle that is told nothing is told nothing, and its answer is as ever', async () => {
  const { vector, prediction } = await asked(bundle(), { sex: 'F', ageYears: 60 }, {});
  expect(vector).toBeNull();
  expect(prediction).not.toHaveProperty('facts');
  expect(told(await loaded(LANGUAGES[0]), prediction)).toBe('');
});

test('S0-85: facts follow the film as bytes', async () => {
  const film = new Float32Array(4);
  const facts = factsVector(NAMES, { sex: 'F' });
  const { body, jsonLength } = tensorRequest(film, 2, facts);
  const content = await body.arrayBuffer();
  const { inputs } = JSON.parse(new TextDecoder().decode(content.slice(0, jsonLength)));
  expect(inputs.map((each: { name: string }) => each.name)).toEqual(['radiographs', 'facts']);
  expect(inputs[1].shape).toEqual([1, 8]);
  expect([...new Float32Array(content.slice(jsonLength + 16))]).toEqual([...facts]);
  const alone = tensorRequest(film, 2, null);
  expect(JSON.parse(await alone.body.slice(0, alone.jsonLength).text()).inputs).toHaveLength(1);
});
