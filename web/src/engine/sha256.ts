/** SHA-256 (FIPS 180-4). The browser's own needs https, which a clinic's local server may not have. */
const K = new Uint32Array(64);
const START = new Uint32Array(8);
for (let candidate = 2, found = 0; found < 64; candidate++) {
  let prime = true;
  for (let by = 2; by * by <= candidate; by++) if (candidate % by === 0) prime = false;
  if (!prime) continue;
  if (found < 8) START[found] = fraction(Math.sqrt(candidate));
  K[found++] = fraction(Math.cbrt(candidate));
}

function fraction(root: number): number {
  return ((root - Math.floor(root)) * 2 ** 32) >>> 0;
}

/** 64 hexadecimal digits, lower case. */
export function sha256(content: Uint8Array): string {
  const state = START.slice();
  const words = new Uint32Array(64);
  const whole = content.length - (content.length % 64);
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  for (let at = 0; at < whole; at += 64) block(state, words, view, at);
  const tail = padded(content.subarray(whole), content.length);
  const tailView = new DataView(tail.buffer);
  for (let at = 0; at < tail.length; at += 64) block(state, words, tailView, at);
  return [...state].map((word) => word.toString(16).padStart(8, '0')).join('');
}

function padded(rest: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const tail = new Uint8Array(rest.length < 56 ? 64 : 128);
  tail.set(rest);
  tail[rest.length] = 0x80;
  const view = new DataView(tail.buffer);
  view.setUint32(tail.length - 8, Math.floor(length / 2 ** 29));
  view.setUint32(tail.length - 4, (length << 3) >>> 0);
  return tail;
}

function block(state: Uint32Array, w: Uint32Array, view: DataView, at: number): void {
  for (let i = 0; i < 16; i++) w[i] = view.getUint32(at + 4 * i);
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15], y = w[i - 2];
    const low = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
    const high = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
    w[i] = w[i - 16] + low + w[i - 7] + high;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i++) {
    const first = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
    const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e;
    e = (d + first) | 0;
    d = c; c = b; b = a;
    a = (first + second) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] += word));
}

function turn(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}
