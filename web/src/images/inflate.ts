/** Inflating within bounds, by the platform's own DecompressionStream. */

type Deflate = 'deflate' | 'deflate-raw';

/** The first `n` bytes that `parts`, one zlib stream, inflate to; throws if they hold fewer. */
export async function inflateExactly(parts: readonly Uint8Array<ArrayBuffer>[], n: number): Promise<Uint8Array<ArrayBuffer>> {
  const found = new Uint8Array(n);
  let at = 0;
  for await (const chunk of inflated(parts, 'deflate')) {
    found.set(chunk.subarray(0, n - at), at);
    at += Math.min(chunk.length, n - at);
    if (at === n) return found;
  }
  throw new Error(`inflates to ${at} bytes; expected ${n}`);
}

/** All that a raw deflate stream inflates to; null if that is more than `limit` bytes. */
export async function inflateAtMost(content: Uint8Array<ArrayBuffer>, limit: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let total = 0;
  for await (const chunk of inflated([content], 'deflate-raw')) {
    total += chunk.length;
    if (total > limit) return null;
    chunks.push(chunk);
  }
  const whole = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Chunk by chunk, so that whoever has enough can stop: a bomb is never inflated whole. */
async function* inflated(parts: readonly Uint8Array<ArrayBuffer>[], format: Deflate): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([...parts]).stream().pipeThrough(new DecompressionStream(format));
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
