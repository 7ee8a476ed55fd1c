/** Answers for benchmarks/browser_parity.py: what the page reads in the files that it names. */

import './local_fetch';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ImageError, inEnglish, readRadiograph } from '../../src/images';

const { PARITY_WANTED, PARITY_ANSWERS } = process.env;

async function answer(path: string): Promise<unknown> {
  try {
    const { pixels, width, height, name: _, cautions, ...facts } = await readRadiograph(readFileSync(path), 'film');
    const missing = { view: null, ageYears: null, sex: null, bodyPart: null, spacingMm: null, laterality: null };
    const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
    const sha256 = createHash('sha256').update(new Uint8Array(pixels.buffer)).digest('hex');
    return { ...missing, ...known, sha256, shape: [height, width], cautions: cautions.map(inEnglish) };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { refusal: error.refusal, why: error.message };
  }
}

test.skipIf(PARITY_WANTED === undefined)('files named by the benchmark are read or refused', { timeout: 3_600_000 }, async () => {
  const paths = JSON.parse(readFileSync(PARITY_WANTED!, 'utf8')) as string[];
  const answers: unknown[] = [];
  for (const path of paths) answers.push(await answer(path));
  writeFileSync(PARITY_ANSWERS!, JSON.stringify(answers));
  expect(answers).toHaveLength(paths.length);
});
