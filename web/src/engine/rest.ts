/** Reads films on the server that handed out the page: POST v1/read. */
import { NOTHING_SAID, type Answer, type Bundle, type BundleHeader, type Evaluation, type Maps, type Prediction, type Said } from '../types';
import type { Engine, Film, Loaded } from './index';
import { Problem, problem } from './problem';

interface WireMap {
  base64: string;
  shape?: number[];
}

type Wire = Prediction & { maps?: Record<string, WireMap> | null };

const KEY_HEADER = 'X-API-Key'; // plainfilm/serve/auth.py
const SENDABLE = /^[!-~]+$/;
const PATIENCE_MS = 1000; // between two looks at whether the server is ready

export class RestEngine implements Engine {
  readonly place = 'server';
  readonly bytes = 0;
  readonly host = location.host;
  /** The names of the other bundles that the server has. */
  others: string[] = [];
  private name = '';
  private key = '';

  admit(key: string): void {
    this.key = SENDABLE.test(key) ? key : '?'; // a header takes no other letters, and no key has them
  }

  async start(_: (loaded: Loaded) => void, signal: AbortSignal): Promise<Bundle> {
    await this.untilReady(signal);
    const served = await this.json<{ default: string; bundles: { name: string }[] }>('v1/bundles', { signal });
    const names = served.bundles.map((bundle) => bundle.name);
    const asked = new URLSearchParams(location.search).get('bundle');
    this.name = asked !== null && names.includes(asked) ? asked : served.default;
    this.others = names.filter((name) => name !== this.name);
    const about = await this.json<BundleHeader & { sha256: string; evaluation: Evaluation | null }>(
      `v1/bundles/${encodeURIComponent(this.name)}/about`,
      { signal },
    );
    return { header: about, sha256: about.sha256, evaluation: about.evaluation };
  }

  async read({ file, radiograph }: Film, said: Said, signal: AbortSignal): Promise<Answer> {
    const form = new FormData();
    for (const [field, value] of Object.entries(fieldsOf(said))) form.set(field, value);
    form.set('bundle', this.name);
    form.set('maps', 'float');
    form.set('film', new Blob([file], { type: 'application/octet-stream' }), radiograph.name);
    const { maps, ...prediction } = await this.json<Wire>('v1/read', { method: 'POST', body: form, signal });
    return { prediction, maps: maps ? mapsOf(prediction, maps) : null };
  }

  private async untilReady(signal: AbortSignal): Promise<void> {
    for (;;) {
      const response = await this.fetch('v2/health/ready', { signal });
      if (response.ok) return;
      if (response.status !== 503) throw problem('problem.server', { reason: response.status });
      await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
      signal.throwIfAborted();
    }
  }

  private async json<T>(url: string, init: RequestInit): Promise<T> {
    const response = await this.fetch(url, init);
    const body: unknown = await response.json().catch(() => null);
    if (response.status === 401) throw problem(this.key === '' ? 'problem.key' : 'problem.key.wrong', {});
    if (response.ok && body !== null) return body as T;
    const told = (body as { detail?: unknown } | null)?.detail;
    throw problem('problem.server', { reason: typeof told === 'string' ? told : response.status });
  }

  private async fetch(url: string, init: RequestInit): Promise<Response> {
    const headers: HeadersInit = this.key === '' ? {} : { [KEY_HEADER]: this.key };
    try {
      return await fetch(url, { ...init, headers: { ...headers, ...(init.headers as Record<string, string>) } });
    } catch (error) {
      if (init.signal?.aborted || error instanceof Problem) throw error;
      throw problem('problem.download', { file: location.host }, error);
    }
  }
}

function fieldsOf(said: Said): Record<string, string> {
  const fields: Record<string, string> = {};
  if (said.ageYears !== NOTHING_SAID.ageYears) fields.age = String(said.ageYears);
  if (said.view !== null) fields.view = said.view;
  if (said.bodyPart) fields.body_part = said.bodyPart;
  if (said.outsidePopulation) fields.outside_population = 'true';
  return fields;
}

function mapsOf(prediction: Prediction, wire: Record<string, WireMap>): Maps | null {
  const found = prediction.findings.map(({ finding }) => wire[finding]);
  const shape = found[0]?.shape;
  if (shape === undefined || found.some((map) => map === undefined)) return null;
  return { height: shape[0], width: shape[1], values: found.map((map) => floats(map.base64)) };
}

function floats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer);
}
