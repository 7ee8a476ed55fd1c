/** Reads films on the server that handed out the page: POST v1/read. */
import { fit } from '../reading/fit';
import { answerFor } from '../reading/reader';
import { NOTHING_SAID, type Answer, type Bundle, type BundleHeader, type Evaluation, type Maps, type Prediction, type Radiograph, type Said } from '../types';
import type { Engine, Film, Loaded } from './index';
import { checkCoding } from './golden';
import { readByJobs } from './jobs';
import { Problem, problem } from './problem';
import { LENGTH_HEADER, tensorAnswer, tensorRequest } from './tensors';

interface WireMap {
  base64: string;
  shape?: number[];
}

export type Wire = Prediction & { maps?: Record<string, WireMap> | null };

const KEY_HEADER = 'X-API-Key'; // plainfilm/serve/auth.py
const SENDABLE = /^[!-~]+$/;
const PATIENCE_MS = 1000; // between two looks at whether the server is ready

export class RestEngine implements Engine {
  readonly place = 'server';
  readonly bytes = 0;
  readonly host = location.host;
  /** The names of the other bundles that the server has. */
  others: string[] = [];
  fits = false;
  private bundle: Bundle | null = null;
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
    this.bundle = { header: about, sha256: about.sha256, evaluation: about.evaluation };
    return this.bundle;
  }

  async read({ file, radiograph }: Film, said: Said, signal: AbortSignal): Promise<Answer> {
    if (this.fits && this.bundle !== null) return this.readFitted(radiograph, said, this.bundle, signal);
    const form = this.form(said);
    form.set('film', new Blob([file], { type: 'application/octet-stream' }), radiograph.name);
    return answerOf(await this.json<Wire>('v1/read', { method: 'POST', body: form, signal }));
  }

  async readMany(files: readonly File[], onAnswer: (index: number, answer: Answer | Problem) => void, signal: AbortSignal): Promise<void> {
    const told = (index: number, answer: Wire | Problem) => onAnswer(index, answer instanceof Problem ? answer : answerOf(answer));
    await readByJobs(this, files, () => this.form(NOTHING_SAID), told, signal);
  }

  /** The gate here, the graph there: the server gets S x S numbers instead of the file. */
  private async readFitted(radiograph: Radiograph, said: Said, bundle: Bundle, signal: AbortSignal): Promise<Answer> {
    const { size, policy } = bundle.header.input;
    checkCoding(bundle.header);
    return answerFor(radiograph, said, bundle, async (pixels, height, width, facts) => {
      const { body, jsonLength } = tensorRequest(fit({ pixels, height, width }, size, policy), size, facts);
      const headers = { [LENGTH_HEADER]: String(jsonLength), 'Content-Type': 'application/octet-stream' };
      const url = `v2/models/${encodeURIComponent(this.name)}/infer`;
      const response = await this.answered(url, { method: 'POST', body, headers, signal });
      return tensorAnswer(await response.arrayBuffer(), Number(response.headers.get(LENGTH_HEADER)));
    });
  }

  private form(said: Said): FormData {
    const form = new FormData();
    for (const [field, value] of Object.entries(fieldsOf(said))) form.set(field, value);
    form.set('bundle', this.name);
    form.set('maps', 'float');
    return form;
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

  async json<T>(url: string, init: RequestInit): Promise<T> {
    const response = await this.answered(url, init);
    const body: unknown = await response.json().catch(() => null);
    if (body === null) throw problem('problem.server', { reason: response.status });
    return body as T;
  }

  /** What the server answers where it does what was asked; else its reason, as a `Problem`. */
  private async answered(url: string, init: RequestInit): Promise<Response> {
    const response = await this.fetch(url, init);
    if (response.ok) return response;
    if (response.status === 401) throw problem(this.key === '' ? 'problem.key' : 'problem.key.wrong', {});
    const body: unknown = await response.json().catch(() => null);
    const told = (body as { detail?: unknown } | null)?.detail;
    throw problem('problem.server', { reason: typeof told === 'string' ? told : response.status });
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    const headers: HeadersInit = this.key === '' ? {} : { [KEY_HEADER]: this.key };
    try {
      return await fetch(url, { ...init, headers: { ...headers, ...(init.headers as Record<string, string>) } });
    } catch (error) {
      if (init.signal?.aborted || error instanceof Problem) throw error;
      throw problem('problem.download', { file: location.host }, error);
    }
  }
}

function answerOf({ maps, ...prediction }: Wire): Answer {
  return { prediction, maps: maps ? mapsOf(prediction, maps) : null };
}

function fieldsOf(said: Said): Record<string, string> {
  const fields: Record<string, string> = {};
  if (said.ageYears !== NOTHING_SAID.ageYears) fields.age = String(said.ageYears);
  if (said.view !== null) fields.view = said.view;
  if (said.bodyPart) fields.body_part = said.bodyPart;
  if (said.sex !== null) fields.sex = said.sex;
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
