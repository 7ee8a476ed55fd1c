/** A hostile file, however hostile, becomes a radiograph or a refusal, and soon. */

import './local_fetch';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ImageError, MAX_FILE_BYTES, readRadiograph, type MessageKey } from '../../src/images';
import { crc32 } from '../../src/images/crc32';
import { inflateAtMost } from '../../src/images/inflate';
import { chance, damaged, drawnFiles } from './damage';

async function refusal(bytes: Uint8Array): Promise<MessageKey | 'read'> {
  try {
    const { pixels, width, height } = await readRadiograph(bytes, 'film');
    expect(pixels).toHaveLength(width * height);
    expect(pixels.every((value) => value >= 0 && value <= 1)).toBe(true);
    return 'read';
  } catch (error) {
    if (error instanceof ImageError) return error.key;
    throw error;
  }
}

function png(width: number, height: number, rows: Uint8Array): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', new Uint8Array())]);
}

function chunk(type: string, content: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const body = Buffer.concat([Buffer.from(type), content]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A DICOM file of deflated elements, which are `content`. */
function deflatedDicom(content: Uint8Array): Uint8Array {
  const syntax = Buffer.from('\x02\0\x10\0UI\x16\0' + '1.2.840.10008.1.2.1.99', 'latin1');
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), syntax, deflateRawSync(content)]);
}

test('damaged files are read or refused', { timeout: 60_000 }, async () => {
  const random = chance(7);
  const outcomes = new Set<string>();
  for (const { bytes } of drawnFiles()) for (let i = 0; i < 5; i++) outcomes.add(await refusal(damaged(bytes, random)));
  expect(outcomes).toContain('read');
  expect(outcomes.size).toBeGreaterThan(10);
});

test('no part of a file is read as the whole', { timeout: 60_000 }, async () => {
  for (const { name, bytes } of drawnFiles()) {
    for (let i = 0; i < 9; i++) expect(await refusal(bytes.slice(0, (0.97 * bytes.length * i) / 8)), name).not.toBe('read');
  }
});

test('a file that is too large is refused before it is looked at', async () => {
  expect(await refusal(new Uint8Array(MAX_FILE_BYTES + 1))).toBe('image.tooManyBytes');
});

test.each([
  [20_001, 1],
  [8_000, 8_000],
  [0xffffffff, 0xffffffff],
])('a size of %d x %d is refused before it is decoded', async (width, height) => {
  expect(await refusal(png(width, height, new Uint8Array(9)))).toBe('image.tooManyPixels');
});

test('a film with fewer rows than its header says is refused', async () => {
  expect(await refusal(png(70, 70, new Uint8Array(71 * 69)))).toBe('image.damaged');
  expect(await refusal(png(70, 70, new Uint8Array(71 * 70)))).toBe('read');
});

test('a film of no pixels is refused', async () => {
  expect(await refusal(png(0, 70, new Uint8Array(70)))).toBe('image.noSize');
});

test('what inflates to more than a film has is not inflated', async () => {
  const bomb = new Uint8Array(deflateRawSync(new Uint8Array(2 ** 22)));
  expect(bomb.length).toBeLessThan(2 ** 13);
  expect(await inflateAtMost(bomb, 2 ** 22)).toHaveLength(2 ** 22);
  expect(await inflateAtMost(bomb, 2 ** 22 - 1)).toBeNull();
  expect(await refusal(deflatedDicom(new Uint8Array(2 ** 22)))).toBe('image.noImage');
});

test('sequences without end and without bottom are refused', async () => {
  // (0008,1140) of undefined length, an item of undefined length, and so on.
  const nested = '\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff';
  for (const depth of [1, 30, 100_000]) {
    const key = await refusal(deflatedDicom(Buffer.from(nested.repeat(depth), 'latin1')));
    expect(['image.breaksOff', 'image.damagedHeader']).toContain(key);
  }
});

test('messages hold nothing of the header but code words', async () => {
  const secret = '\x08\0\x60\0CS\x0c\0Doe^Jane 61y';
  try {
    await readRadiograph(deflatedDicom(Buffer.from(secret, 'latin1')), 'film');
    expect.unreachable();
  } catch (error) {
    expect((error as ImageError).key).toBe('image.modality.other');
    expect((error as ImageError).message).not.toMatch(/Doe|Jane|61/i);
  }
});
