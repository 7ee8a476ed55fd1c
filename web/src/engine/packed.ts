/** Bytes unpacked by the browser itself. */
export async function inflated(
  content: Uint8Array<ArrayBuffer>,
  format: CompressionFormat,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([content]).stream().pipeThrough(new DecompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** As `inflated` for gzip, but leaves alone what a server has unpacked on the way. */
export async function gunzipped(content: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return content[0] === 0x1f && content[1] === 0x8b ? inflated(content, 'gzip') : content;
}
