/** app.json: who reads the films, and what the house says on its page. */
import type { SiteFiles } from './wasm';

interface Named {
  name: string;
  url: string;
}

export interface Settings {
  engine: 'rest' | 'wasm';
  title?: string;
  description?: string;
  examples?: Named[];
  links?: Named[];
  site?: SiteFiles;
}

type Claim = (value: unknown) => boolean;

const isText: Claim = (value) => typeof value === 'string';
const isCount: Claim = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isHash: Claim = (value) => isText(value) && /^[0-9a-f]{64}$/.test(value as string);
const isRest: Claim = (value) => value === 'rest';
const isWasm: Claim = (value) => value === 'wasm';
const isEncoding: Claim = (value) => value === 'w16' || value === 'onnx';
const either = (...claims: Claim[]): Claim => (value) => claims.some((claim) => claim(value));
const maybe = (claim: Claim): Claim => either((value) => value === undefined, claim);
const listOf = (claim: Claim): Claim => (value) => Array.isArray(value) && value.every(claim);
const record = (claims: Record<string, Claim>): Claim => (value) =>
  typeof value === 'object' && value !== null && Object.entries(claims).every(([key, claim]) => claim((value as Record<string, unknown>)[key]));

const FILE = { url: isText, bytes: isCount, sha256: isHash };
const SITE = record({
  bundle: record(FILE),
  network: record({ ...FILE, encoding: isEncoding }),
  golden: record(FILE),
  evaluation: either((value) => value === null, record(FILE)),
});
const NAMED = listOf(record({ name: isText, url: isText }));
const HOUSE = { title: maybe(isText), description: maybe(isText), examples: maybe(NAMED), links: maybe(NAMED) };
const SETTINGS = either(record({ ...HOUSE, engine: isRest }), record({ ...HOUSE, engine: isWasm, site: SITE }));

/**
 * Settings, or a TypeError: nothing is guessed of them. A page that took what it does not understand
 * for a server's would send films that were to stay on the device.
 */
export function checkedSettings(found: unknown): Settings {
  if (!SETTINGS(found)) throw new TypeError('app.json does not say who reads');
  return found as Settings;
}
