/** Bytes from this page's own origin, counted while they come and compared with their SHA-256. */
import { problem } from './problem';
import { sha256 } from './sha256';

export interface SiteFile {
  url: string;
  bytes: number;
  /** 64 hexadecimal digits. */
  sha256: string;
  /** The same of what a server sends that unpacks the file on the way. */
  unpacked?: string;
}

/** The bytes of `file`; throws a `Problem` where they do not come or are not those promised. */
export async function fetchFile(
  file: SiteFile,
  onBytes: (count: number) => void,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = await download(file.url, onBytes, signal);
  if (![file.sha256, file.unpacked].includes(sha256(content))) {
    throw problem('problem.damaged', { file: file.url });
  }
  return content;
}

async function download(
  url: string,
  onBytes: (count: number) => void,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  try {
    const response = await fetch(url, { signal });
    if (!response.ok || response.body === null) throw new Error(`${response.status}`);
    const reader = response.body.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      parts.push(next.value);
      onBytes(next.value.length);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    throw problem('problem.download', { file: url }, error);
  }
  return joined(parts);
}

function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
