/** A fitted film as a tensor of the Open Inference Protocol, as bytes after JSON; plainfilm/serve/tensors.py. */
import type { GraphOutputs } from '../reading/reader';
import { problem } from './problem';

export const LENGTH_HEADER = 'Inference-Header-Content-Length';

interface Described {
  name: string;
  shape: number[];
  parameters: { binary_data_size: number };
}

/** The request for one film of `side` x `side`, and how long its JSON is. */
export function tensorRequest(film: Float32Array<ArrayBuffer>, side: number): { body: Blob; jsonLength: number } {
  const input = { name: 'radiographs', datatype: 'FP32', shape: [1, 1, side, side], parameters: { binary_data_size: film.byteLength } };
  const head = new TextEncoder().encode(JSON.stringify({ inputs: [input], parameters: { binary_data_output: true } }));
  return { body: new Blob([head, film]), jsonLength: head.length };
}

/** The graph's outputs in an answer; throws a `Problem` where it is cut short. */
export function tensorAnswer(content: ArrayBuffer, jsonLength: number): GraphOutputs {
  const head = JSON.parse(new TextDecoder().decode(content.slice(0, jsonLength))) as { outputs: Described[] };
  const found: GraphOutputs = {};
  let at = jsonLength;
  for (const { name, shape, parameters } of head.outputs) {
    const end = at + parameters.binary_data_size;
    if (end > content.byteLength) throw problem('problem.server', { reason: name });
    found[name] = { dims: shape, data: new Float32Array(content.slice(at, end)) };
    at = end;
  }
  return found;
}
