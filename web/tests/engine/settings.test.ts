import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkedSettings } from '../../src/engine/settings';

const file = { url: 'bundle/x', bytes: 10, sha256: '0'.repeat(64) };
const site = { bundle: file, network: { ...file, encoding: 'w16' }, golden: file, evaluation: null };
const wasm = { engine: 'wasm', version: '1.0', site };
const named = [{ name: 'A drawn chest', url: 'examples/chest.png' }];

test('settings that say who reads are taken as they are', () => {
  const built: unknown = JSON.parse(readFileSync('public/app.json', 'utf8'));
  const house = { ...wasm, title: 'Ours', description: '', examples: named, links: named, site: { ...site, evaluation: file } };
  for (const good of [built, { engine: 'rest' }, wasm, house]) expect(checkedSettings(good)).toBe(good);
});

test.each<[string, unknown]>([
  ['nothing', null], ['a text', 'rest'], ['a list', []], ['an empty record', {}],
  ['an engine that is none', { ...wasm, engine: 'magic' }],
  ['a site missing', { engine: 'wasm' }], ['a site that is none', { ...wasm, site: 'here' }],
  ['no network', { ...wasm, site: { ...site, network: undefined } }],
  ['an encoding that is none', { ...wasm, site: { ...site, network: { ...file, encoding: 'w8' } } }],
  ['no hash', { ...wasm, site: { ...site, golden: { ...file, sha256: undefined } } }],
  ['half a hash', { ...wasm, site: { ...site, bundle: { ...file, sha256: '0'.repeat(32) } } }],
  ['bytes that are no count', { ...wasm, site: { ...site, bundle: { ...file, bytes: -1 } } }],
  ['a title that is none', { engine: 'rest', title: 5 }],
  ['examples that are no list', { engine: 'rest', examples: { ...named } }],
  ['an example without a file', { engine: 'rest', examples: [{ name: 'A drawn chest' }] }],
])('settings with %s are not taken for a server\'s, nor for anything', (_, wrong) => {
  expect(() => checkedSettings(wrong)).toThrow(TypeError);
});
