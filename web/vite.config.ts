/// <reference types="vitest/config" />
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const WASM = 'ort-wasm-simd-threaded.wasm';
const place = createRequire(import.meta.url);
const { version } = JSON.parse(readFileSync('node_modules/onnxruntime-web/package.json', 'utf8')) as { version: string };
const ENGINE = `assets/onnxruntime-${version}.bin`;
const plain = readFileSync(place.resolve('onnxruntime-web/' + WASM));
const packed = gzipSync(plain, { level: 9 });
const hash = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');
const machine = { url: ENGINE, sha256: hash(packed), unpacked: hash(plain) };

/**
 * The engine's machine code packed once, at build time: a host that packs nothing would send 14 MB
 * instead of 3.7. The page unpacks it (engine/packed.ts), so onnxruntime must not look for it itself.
 */
function packedEngine(): Plugin {
  return {
    name: 'packed-engine',
    enforce: 'pre',
    transform(code, id) {
      if (!id.includes('ort.wasm.bundle.min.mjs')) return null;
      return code.replaceAll(/new URL\("ort-wasm-simd-threaded\.wasm",import\.meta\.url\)/g, 'new URL("about:blank")');
    },
    generateBundle() {
      const drawn = readFileSync('../docs/examples/drawn-chest.png');
      this.emitFile({ type: 'asset', fileName: 'examples/drawn-chest.png', source: drawn });
      this.emitFile({ type: 'asset', fileName: ENGINE, source: packed });
    },
  };
}

export default defineConfig({
  base: './',
  define: { __ENGINE__: JSON.stringify(machine) },
  plugins: [packedEngine()],
  worker: { format: 'es', plugins: () => [packedEngine()] },
  build: {
    outDir: '../src/plainfilm/serve/web',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
  },
  test: { include: ['tests/**/*.test.ts'], testTimeout: 30_000 }, // on a busy machine
});
