/** Python and the page find the same in the same bytes: scripts/write_image_vectors.py wrote both. */

import './local_fetch';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ImageError, inEnglish, readRadiograph, type Radiograph } from '../../src/images';

interface Vector {
  readonly name: string;
  readonly file: string;
  readonly reading: { readonly refusal?: string; readonly sha256?: string; readonly pixels?: number[] };
}

const vectors = JSON.parse(readFileSync(new URL('./vectors/films.json', import.meta.url), 'utf8')) as Vector[];

/** What the page reads in a file, in the words of the vectors; few pixels are told one by one. */
async function reading(bytes: Uint8Array): Promise<Record<string, unknown>> {
  try {
    return told(await readRadiograph(bytes, 'film'));
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { refusal: error.refusal, why: error.message };
  }
}

function told({ name: _, pixels, cautions, ...facts }: Radiograph): Record<string, unknown> {
  const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
  const content =
    pixels.length <= 16
      ? { pixels: Array.from(pixels) }
      : { sha256: createHash('sha256').update(new Uint8Array(pixels.buffer)).digest('hex') };
  return { ...known, cautions: cautions.map(inEnglish), ...content };
}

test.each(vectors.map((vector) => [vector.name, vector] as const))('%s', async (_, { file, reading: expected }) => {
  const found = await reading(new Uint8Array(Buffer.from(file, 'base64')));
  if (expected.pixels === undefined) {
    expect(found).toEqual(expected);
    return;
  }
  const { pixels, ...facts } = expected;
  expect(found).toMatchObject(facts);
  const shown = found.pixels as number[];
  expect(shown).toHaveLength(pixels.length);
  shown.forEach((value, i) => expect(Math.abs(value - pixels[i])).toBeLessThan(2e-7));
});
