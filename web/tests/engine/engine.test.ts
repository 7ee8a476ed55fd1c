import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { readNpz } from '../../src/engine/golden';
import { gunzipped } from '../../src/engine/packed';
import { sha256 } from '../../src/engine/sha256';
import { expand } from '../../src/engine/w16';

test.each([0, 1, 55, 56, 63, 64, 65, 1000, 100_000])('SHA-256 of %i bytes is that of the system', (length) => {
  const content = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255);
  expect(sha256(content)).toBe(createHash('sha256').update(content).digest('hex'));
});

function w16(segments: [number, number, number[]][], length: number): Uint8Array {
  const head = new Uint32Array([segments.length, length, ...segments.flatMap(([kind, size]) => [kind, size])]);
  const magic = [0x70, 0x6c, 0x66, 0x77, 0x31, 0x36, 0, 1];
  return Uint8Array.from([...magic, ...new Uint8Array(head.buffer), ...segments.flatMap(([, , bytes]) => bytes)]);
}

test('half-precision weights become the float32 of the same value', () => {
  const halves = [0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0xff, 0x7b, 0x00, 0x80]; // 1, -2, 2^-24, 65504, -0
  const graph = expand(w16([[0, 3, [7, 8, 9]], [1, 20, halves], [0, 1, [5]]], 24));
  expect([...graph.slice(0, 3), graph[23]]).toEqual([7, 8, 9, 5]);
  const weights = new Float32Array(graph.slice(3, 23).buffer);
  expect([...weights.slice(0, 4)]).toEqual([1, -2, 2 ** -24, 65504]);
  expect(weights[4]).toBe(-0);
});

test('what is no w16 file, or cut short, is refused', () => {
  const good = w16([[0, 3, [7, 8, 9]]], 3);
  expect(() => expand(good.slice(0, -1))).toThrow(RangeError);
  expect(() => expand(Uint8Array.from([0, ...good.slice(1)]))).toThrow(RangeError);
});

test('an array comes out of an npz', async () => {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }".padEnd(117) + '\n';
  const npy = Buffer.concat([
    Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]),
    Buffer.from(header),
    Buffer.from(Float32Array.from([1.5, -2]).buffer),
  ]);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt32LE(npy.length, 18);
  local.writeUInt16LE('score_0.npy'.length, 26);
  const zip = Uint8Array.from(Buffer.concat([local, Buffer.from('score_0.npy'), npy]));
  const score = (await readNpz(zip)).get('score_0')!;
  expect(score.shape).toEqual([2]);
  expect([...score.values]).toEqual([1.5, -2]);
});

test('what a host has unpacked on the way stays as it is', async () => {
  const plain = Uint8Array.from([0, 0x61, 0x73, 0x6d]);
  expect(await gunzipped(plain)).toBe(plain);
});
