/**
 * A graph whose large float32 weights travelled as float16: half the bytes, the same arithmetic.
 *
 * Written by plainfilm/serve/w16.py: "plfw16" and version 1, then little-endian uint32: 0, the number of
 * segments, the graph's length; for each segment its kind (0 as is, 1 float16) and its length in the
 * graph; then the segments.
 */
const MAGIC = [0x70, 0x6c, 0x66, 0x77, 0x31, 0x36, 0, 1];
const HEAD = 16;

/** The ONNX file; throws a RangeError where the bytes are not as described. */
export function expand(content: Uint8Array): Uint8Array<ArrayBuffer> {
  if (!MAGIC.every((byte, index) => content[index] === byte)) throw new RangeError('not a w16 file');
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const count = view.getUint32(8, true);
  const graph = new Uint8Array(view.getUint32(12, true));
  let from = HEAD + 8 * count;
  let to = 0;
  for (let i = 0; i < count; i++) {
    const kind = view.getUint32(HEAD + 8 * i, true);
    const length = view.getUint32(HEAD + 8 * i + 4, true);
    const packed = kind === 1 ? length / 2 : length;
    const part = content.subarray(from, from + packed);
    graph.set(kind === 1 ? widened(part) : part, to);
    from += packed;
    to += length;
  }
  if (from !== content.length || to !== graph.length) throw new RangeError('a w16 file cut short');
  return graph;
}

function widened(halves: Uint8Array): Uint8Array {
  const view = new DataView(halves.buffer, halves.byteOffset, halves.byteLength);
  const words = new Uint32Array(halves.length / 2);
  const values = new Float32Array(words.buffer);
  for (let i = 0; i < words.length; i++) {
    const half = view.getUint16(2 * i, true);
    const sign = (half & 0x8000) << 16;
    const rest = half & 0x7fff;
    if (rest >= 0x0400) words[i] = sign | ((rest << 13) + 0x38000000);
    else values[i] = (sign ? -rest : rest) * 2 ** -24; // below the normal ones, or zero
  }
  return new Uint8Array(words.buffer);
}
