/**
 * The decoders of compressed frames, each fetched when a file first needs it.
 *
 * Every frame gets a fresh decoder: one that a damaged frame has hurt cannot touch the next film,
 * and its memory is given back.
 */

import charlsUrl from '@cornerstonejs/codec-charls/decodewasm?url';
import jpegUrl from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm?url';
import openjpegUrl from '@cornerstonejs/codec-openjpeg/decodewasm?url';
import { unreadable } from './errors';

/** What the three WebAssembly decoders have in common. */
export interface FrameDecoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): { readonly width: number; readonly height: number };
  getDecodedBuffer(): Uint8Array;
}

interface Machine {
  readonly JPEGDecoder: new () => FrameDecoder;
  readonly JpegLSDecoder: new () => FrameDecoder;
  readonly J2KDecoder: new () => FrameDecoder;
}

/** An Emscripten module, as the codec packages export it. */
export type MachineFactory = (options: {
  wasmBinary: ArrayBuffer;
  print: () => void;
  printErr: () => void;
}) => Promise<Machine>;

const code = new Map<string, Promise<ArrayBuffer>>();

/** The samples of an 8-bit JPEG, interleaved; `n` bytes are expected. */
export async function decodeJpeg(frame: Uint8Array, n: number): Promise<Uint8Array<ArrayBuffer>> {
  const { JPEGDecoder } = await started(() => import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs'), jpegUrl);
  return decoded(new JPEGDecoder(), frame, n);
}

/** The samples of a grey 12-bit JPEG: little-endian words. */
export async function decodeJpeg12(frame: Uint8Array, n: number): Promise<Uint8Array<ArrayBuffer>> {
  const { decodeJpeg12: decode } = await loaded(() => import('./jpeg12'));
  return asBytes(decode(frame), n);
}

/** The samples of a JPEG-LS frame: bytes up to 8 bits, little-endian words above. */
export async function decodeJpegLs(frame: Uint8Array, n: number): Promise<Uint8Array<ArrayBuffer>> {
  const { JpegLSDecoder } = await started(() => import('@cornerstonejs/codec-charls/decodewasmjs'), charlsUrl);
  return decoded(new JpegLSDecoder(), frame, n);
}

/** The samples of a JPEG 2000 codestream: bytes up to 8 bits, little-endian words above. */
export async function decodeJpeg2000(frame: Uint8Array, n: number): Promise<Uint8Array<ArrayBuffer>> {
  const { J2KDecoder } = await started(() => import('@cornerstonejs/codec-openjpeg/decodewasmjs'), openjpegUrl);
  return decoded(new J2KDecoder(), frame, n);
}

/** The samples of a grey JPEG lossless frame: bytes up to 8 bits, little-endian words above. */
export async function decodeJpegLossless(frame: Uint8Array, n: number): Promise<Uint8Array<ArrayBuffer>> {
  const { decodeLossless } = await loaded(() => import('./jpeg_lossless'));
  const samples = decodeLossless(frame);
  return samples.length === n ? Uint8Array.from(samples) : asBytes(samples, n);
}

function asBytes({ buffer }: Uint16Array<ArrayBuffer>, n: number): Uint8Array<ArrayBuffer> {
  if (buffer.byteLength !== n) throw new Error(`${buffer.byteLength} bytes decoded; expected ${n}`);
  return new Uint8Array(buffer);
}

function decoded(decoder: FrameDecoder, frame: Uint8Array, n: number): Uint8Array<ArrayBuffer> {
  decoder.getEncodedBuffer(frame.length).set(frame);
  decoder.decode();
  // A copy: the decoder's own memory goes with it.
  const samples = decoder.getDecodedBuffer().slice();
  if (samples.length !== n) throw new Error(`${samples.length} bytes decoded; expected ${n}`);
  return samples as Uint8Array<ArrayBuffer>;
}

async function started(load: () => Promise<{ default: MachineFactory }>, url: string): Promise<Machine> {
  const { default: factory } = await loaded(load);
  const wasmBinary = await loaded(() => codeAt(url));
  const silent = (): void => undefined;
  return factory({ wasmBinary, print: silent, printErr: silent });
}

/** What `load` brings; that it cannot be brought (offline, before it was ever needed) is not the film's fault. */
async function loaded<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw unreadable('image.noDecoder', {}, error);
  }
}

/** The machine code at `url`, kept once it is there; a fetch that failed is tried again. */
function codeAt(url: string): Promise<ArrayBuffer> {
  const known = code.get(url) ?? fetched(url);
  code.set(url, known);
  known.catch(() => code.delete(url));
  return known;
}

async function fetched(url: string): Promise<ArrayBuffer> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`decoder not loaded (HTTP ${answer.status})`);
  return answer.arrayBuffer();
}
