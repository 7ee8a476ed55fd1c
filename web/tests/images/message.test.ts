/** Every sentence is one that some file or film can call forth, and says what its reader needs. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inEnglish, message } from '../../src/images/message';
import english from '../../src/images/messages.en.json';

const folder = new URL('../../src/images/', import.meta.url).pathname;
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join(folder, name), 'utf8'))
  .join('\n');

test.each(Object.keys(english))('%s is said somewhere', (key) => {
  expect(sources).toContain(`'${key}'`);
});

test('a sentence holds its values', () => {
  expect(inEnglish(message('image.caution.fewerBits', { bits: 12 }))).toBe(
    'The 16-bit file uses only its lowest 12 bits: read as a 12-bit film.',
  );
});

test('a value that is missing leaves its name', () => {
  expect(inEnglish(message('image.severalFrames'))).toContain('{frames}');
});
