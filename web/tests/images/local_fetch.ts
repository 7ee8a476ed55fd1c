/** In Node no server hands out the decoders' code: `fetch` reads it from the disk, where Vite says it is. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const network = globalThis.fetch;

globalThis.fetch = async (input, init) => {
  const url = String(input);
  if (!url.startsWith('/')) return network(input, init);
  const path = url.startsWith('/@fs/') ? url.slice('/@fs'.length) : join(process.cwd(), url);
  return new Response(new Uint8Array(await readFile(path)));
};
