/** Drawn files (the golden vectors) and ways to damage them, the same on every run. */

import { readFileSync } from 'node:fs';

export interface DrawnFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface Vector {
  readonly name: string;
  readonly file: string;
  readonly reading: { readonly refusal?: string; readonly sha256?: string };
}

/** One file that can be read of each format, transfer syntax and kind of header. */
export function drawnFiles(): DrawnFile[] {
  const vectors = JSON.parse(readFileSync(new URL('./vectors/films.json', import.meta.url), 'utf8')) as Vector[];
  return vectors
    .filter(({ reading }) => reading.sha256 !== undefined)
    .map(({ name, file }) => ({ name, bytes: new Uint8Array(Buffer.from(file, 'base64')) }));
}

/** Numbers in [0, 1) that look random; the same for the same seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The file with its end cut off, or a few bytes changed, more often near its start. */
export function damaged(bytes: Uint8Array<ArrayBuffer>, random: () => number): Uint8Array<ArrayBuffer> {
  if (random() < 0.3) return bytes.slice(0, Math.floor(random() * bytes.length));
  const changed = bytes.slice();
  for (let n = 1 + Math.floor(9 * random()); n > 0; n--) {
    const reach = random() < 0.5 ? changed.length : Math.min(changed.length, 700);
    changed[Math.floor(random() * reach)] = Math.floor(256 * random());
  }
  return changed;
}
