/** A fitted film as a tensor of the Open Inference Protocol, as bytes after JSON; plainfilm/serve/tensors.py. */
import type { GraphOutputs, Told } from '../reading/reader';
import { problem } from './problem';

export const LENGTH_HEADER = 'Inference-Header-Content-Length';

interface Described {
  name: string;
  shape: number[];
  parameters: { binary_data_size: number };
}

/** The request for one film of `side` x `side` and what is told of it, and how long its JSON is. */
export function tensorRequest(film: Float32Array<ArrayBuffer>, side: number, facts: Told): { body: Blob; jsonLength: number } {
  const inputs = [tensor('radiographs', [1, 1, side, side], film)];
  if (facts !== null) inputs.push(tensor('facts', [1, facts.length], facts));
  const head = new TextEncoder().encode(JSON.stringify({ inputs, parameters: { binary_data_output: true } }));
  return { body: new Blob([head, film, ...(facts === null ? [] : [facts])]), jsonLength: head.length };
}

function tensor(name: string, shape: number[], { byteLength }: Float32Array): Described & { datatype: string } {
  return { name, datatype: 'FP32', shape, parameters: { binary_data_size: byteLength } };
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
