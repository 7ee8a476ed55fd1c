/** The one thread that computes, so that the page stays awake: a graph in, outputs for films out. */
import * as ort from 'onnxruntime-web/wasm';
import { gunzipped } from './packed';

export type Request =
  | { id: number; kind: 'start'; machine: Uint8Array<ArrayBuffer>; graph: Uint8Array<ArrayBuffer> }
  | { id: number; kind: 'run'; pixels: Float32Array; height: number; width: number; facts: Float32Array | null };

export type Outputs = Record<string, { dims: readonly number[]; data: Float32Array }>;

export type Reply = { id: number; outputs: Outputs } | { id: number; error: string };

let session: ort.InferenceSession | null = null;

self.onmessage = async (event: MessageEvent<Request>): Promise<void> => {
  const request = event.data;
  try {
    const outputs = request.kind === 'start' ? await start(request) : await run(request);
    const reply: Reply = { id: request.id, outputs };
    self.postMessage(reply, { transfer: Object.values(outputs).map((output) => output.data.buffer) });
  } catch (error) {
    const reply: Reply = { id: request.id, error: error instanceof Error ? error.message : String(error) };
    self.postMessage(reply);
  }
};

async function start(request: Extract<Request, { kind: 'start' }>): Promise<Outputs> {
  ort.env.wasm.wasmBinary = (await gunzipped(request.machine)).buffer;
  ort.env.wasm.numThreads = 1;
  session = await ort.InferenceSession.create(request.graph, { executionProviders: ['wasm'] });
  return {};
}

async function run(request: Extract<Request, { kind: 'run' }>): Promise<Outputs> {
  if (session === null) throw new Error('the engine was not started');
  const film = new ort.Tensor('float32', request.pixels, [1, 1, request.height, request.width]);
  const { facts } = request;
  const told = facts && { facts: new ort.Tensor('float32', facts, [1, facts.length]) };
  const found = await session.run({ radiographs: film, ...told });
  const copies = Object.entries(found).map(([name, tensor]) => {
    return [name, { dims: tensor.dims, data: Float32Array.from(tensor.data as Float32Array) }] as const;
  });
  for (const tensor of Object.values(found)) tensor.dispose();
  return Object.fromEntries(copies);
}
