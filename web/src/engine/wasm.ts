/** Reads films in this browser: the bundle's graph in a worker, checked before the first film. */
import type { Answer, Bundle, BundleHeader, Evaluation, Said } from '../types';
import { answerFor } from '../reading/reader';
import type { Engine, Film, Loaded } from './index';
import { fetchFile, type SiteFile } from './fetching';
import { checkCoding, readNpz, type Tensor } from './golden';
import { problem } from './problem';
import { expand } from './w16';
import type { Outputs, Reply, Request } from './worker';

export interface SiteFiles {
  bundle: SiteFile;
  network: SiteFile & { encoding: 'w16' | 'onnx' };
  golden: SiteFile;
  evaluation: SiteFile | null;
}

declare const __ENGINE__: Omit<SiteFile, 'bytes'>;

const ENGINE_BYTES = 3_690_000; // about, for the progress bar before the server has said it
const TOLERANCE = 1e-3; // of outputs, as the weights travelled in half precision
const FAMILIARITY_TOLERANCE = 0.01; // as plainfilm/reading/verify.py

type Order = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

export class WasmEngine implements Engine {
  readonly place = 'device';
  readonly host = '';
  readonly others: string[] = [];
  readonly bytes: number;
  private bundle: Bundle | null = null;
  private worker: Worker | null = null;
  private waiting = new Map<number, { resolve: (found: Outputs) => void; reject: (why: unknown) => void }>();
  private lastId = 0;

  constructor(private readonly files: SiteFiles) {
    const { bundle, network, golden, evaluation } = files;
    this.bytes = ENGINE_BYTES + bundle.bytes + network.bytes + golden.bytes + (evaluation?.bytes ?? 0);
  }

  async start(onProgress: (loaded: Loaded) => void, signal: AbortSignal): Promise<Bundle> {
    let done = 0;
    const get = (file: SiteFile) =>
      fetchFile(file, (count) => onProgress({ done: Math.min((done += count), this.bytes), total: this.bytes }), signal);
    const { files } = this;
    const machine = { ...__ENGINE__, bytes: ENGINE_BYTES };
    const [header, network, golden, evaluation, engine] = await Promise.all([
      get(files.bundle),
      get(files.network),
      get(files.golden),
      files.evaluation ? get(files.evaluation) : null,
      get(machine),
    ]);
    const bundle: Bundle = {
      header: parse<BundleHeader>(header),
      sha256: files.bundle.sha256,
      evaluation: evaluation && parse<Evaluation>(evaluation),
    };
    checkCoding(bundle.header);
    try {
      await this.launch(engine, files.network.encoding === 'w16' ? expand(network) : network);
    } catch (error) {
      throw problem('problem.engine', { reason: words(error) }, error);
    }
    await this.check(await readNpz(golden));
    this.bundle = bundle;
    return bundle;
  }

  async read(film: Film, said: Said, signal: AbortSignal): Promise<Answer> {
    if (this.bundle === null) throw problem('problem.engine', { reason: '' });
    if (this.worker === null) await this.start(() => undefined, signal); // it was stopped, or stopped itself
    try {
      return await answerFor(film.radiograph, said, this.bundle, (pixels, height, width, facts) => {
        signal.throwIfAborted();
        signal.addEventListener('abort', this.stop, { once: true });
        return this.ask({ kind: 'run', pixels, height, width, facts });
      });
    } catch (error) {
      if (signal.aborted) throw error;
      throw problem('problem.reading', { reason: words(error) }, error);
    } finally {
      signal.removeEventListener('abort', this.stop);
    }
  }

  /** Ends what is being computed, also where nothing computes any more: a worker may die without a word. */
  private readonly stop = (): void => this.fail(new Error('stopped'));

  private async launch(machine: Uint8Array<ArrayBuffer>, graph: Uint8Array<ArrayBuffer>): Promise<void> {
    this.worker?.terminate();
    this.worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    this.worker.onmessage = (event: MessageEvent<Reply>) => this.hear(event.data);
    this.worker.onerror = (event) => {
      event.preventDefault(); // the film that was read is told of it, not the page
      this.fail(new Error(event.message || 'the worker stopped'));
    };
    await this.ask({ kind: 'start', machine, graph }, [machine.buffer, graph.buffer]);
  }

  private ask(order: Order, transfer: Transferable[] = []): Promise<Outputs> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker!.postMessage({ ...order, id }, transfer);
    });
  }

  private hear(reply: Reply): void {
    const asker = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ('error' in reply) asker?.reject(new Error(reply.error));
    else asker?.resolve(reply.outputs);
  }

  private fail(why: Error): void {
    this.worker?.terminate();
    this.worker = null;
    for (const asker of this.waiting.values()) asker.reject(why);
    this.waiting.clear();
  }

  /** The golden radiograph must give the golden numbers, on this machine too. */
  private async check(golden: Map<string, Tensor>): Promise<void> {
    const film = golden.get('radiograph_0');
    if (film === undefined) throw problem('problem.damaged', { file: 'golden.npz' });
    const [height, width] = film.shape;
    const facts = golden.get('facts_0')?.values ?? null;
    const found = await this.ask({ kind: 'run', pixels: film.values, height, width, facts });
    for (const [name, output] of Object.entries(found)) {
      const expected = golden.get(`${name}_0`);
      const allowed = name === 'familiarity' ? FAMILIARITY_TOLERANCE : TOLERANCE * scale(expected);
      if (expected === undefined || !(furthest(output.data, expected.values) <= allowed)) {
        throw problem('problem.selftest', { output: name });
      }
    }
  }
}

function scale(expected: Tensor | undefined): number {
  return Math.max(1, ...(expected?.values.map(Math.abs) ?? []));
}

function furthest(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) return Infinity;
  return found.reduce((worst, value, index) => Math.max(worst, Math.abs(value - expected[index])), 0);
}

function parse<T>(content: Uint8Array): T {
  return JSON.parse(new TextDecoder().decode(content)) as T;
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
