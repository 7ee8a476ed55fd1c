/** Many films as jobs of the server, POST v1/jobs: sent in parcels, answered line by line while they are read. */
import { Problem } from './problem';
import type { Wire } from './rest';

/** Films and bytes of one parcel; a server takes ten times as many films, and 256 MB. */
const PARCEL = { films: 64, bytes: 100e6 };
const PATIENCE_MS = 400; // between two looks at how far a job is

export interface Server {
  json<T>(url: string, init: RequestInit): Promise<T>;
  fetch(url: string, init: RequestInit): Promise<Response>;
}

export type Told = (index: number, answer: Wire | Problem) => void;
type Line = { index: number } & (Wire | { name: string; title: string; status: number; detail?: string });

/** Reads the films; each answer is told as it comes, by the film's place. `form` makes the fields. */
export async function readByJobs(server: Server, files: readonly File[], form: () => FormData, onAnswer: Told, signal: AbortSignal): Promise<void> {
  let first = 0;
  for (const parcel of parcels(files)) {
    const body = form();
    for (const file of parcel) body.append('film', new Blob([file], { type: 'application/octet-stream' }), file.name);
    const job = await server.json<{ id: string }>('v1/jobs', { method: 'POST', body, signal });
    const start = first;
    await follow(server, `v1/jobs/${job.id}`, parcel.length, (index, answer) => onAnswer(start + index, answer), signal);
    first += parcel.length;
  }
}

async function follow(server: Server, url: string, count: number, onAnswer: Told, signal: AbortSignal): Promise<void> {
  try {
    for (let known = 0; known < count; ) {
      const response = await server.fetch(`${url}/results?after=${known}`, { signal });
      if (!response.ok) throw new Problem('problem.server', { reason: response.status });
      const lines = (await response.text()).split('\n').filter((line) => line !== '');
      for (const line of lines) tell(JSON.parse(line) as Line, onAnswer);
      known += lines.length;
      if (lines.length === 0) await pause(signal);
    }
  } finally {
    void server.fetch(url, { method: 'DELETE', keepalive: true }).catch(() => undefined);
  }
}

function tell({ index, ...line }: Line, onAnswer: Told): void {
  if ('findings' in line) return onAnswer(index, line);
  const { name } = line;
  const reason = line.detail ?? line.title;
  onAnswer(index, new Problem('problem.file', { name, reason: reason.startsWith(`${name}: `) ? reason.slice(name.length + 2) : reason }));
}

function* parcels(files: readonly File[]): Generator<File[]> {
  let parcel: File[] = [];
  let bytes = 0;
  for (const file of files) {
    if (parcel.length > 0 && (parcel.length === PARCEL.films || bytes + file.size > PARCEL.bytes)) {
      yield parcel;
      [parcel, bytes] = [[], 0];
    }
    parcel.push(file);
    bytes += file.size;
  }
  if (parcel.length > 0) yield parcel;
}

function pause(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
}

