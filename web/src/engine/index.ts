/** Who reads the films: a server, or this browser. Chosen by app.json, never silently changed. */
import type { Answer, Bundle, Radiograph, Said } from '../types';
import { problem, type Problem } from './problem';
import { checkedSettings } from './settings';
import { RestEngine } from './rest';
import type { Settings } from './settings';
import { WasmEngine } from './wasm';

export type { Settings };

export interface Loaded {
  done: number;
  total: number;
}

export interface Film {
  file: Blob;
  radiograph: Radiograph;
}

export interface Engine {
  /** Where films are read: 'device' never sends one, 'server' sends each. */
  readonly place: 'device' | 'server';
  /** The server's host; empty on the device. */
  readonly host: string;
  /** Names of bundles that could read instead, known after `start`. */
  readonly others: string[];
  /** Bytes that `start` will fetch; 0 = nothing worth a word. */
  readonly bytes: number;
  /** Fetches, checks and tries what reads; throws a `Problem`. */
  start(onProgress: (loaded: Loaded) => void, signal: AbortSignal): Promise<Bundle>;
  /** Takes the key that a server wants, until the page is closed. */
  admit?(key: string): void;
  /** Whether films are fitted here, and only that is sent; only where a server reads. */
  fits?: boolean;
  /** Reads many files at once and tells of each as it comes, by its place; only where a server reads. */
  readMany?(files: readonly File[], onAnswer: (index: number, answer: Answer | Problem) => void, signal: AbortSignal): Promise<void>;
  /** What the bundle says of a film; throws a `Problem`. */
  read(film: Film, said: Said, signal: AbortSignal): Promise<Answer>;
}

/** The settings written beside the page; throws a `Problem` where they do not say who reads. */
export async function readSettings(): Promise<Settings> {
  try {
    const response = await fetch('app.json', { cache: 'no-cache' });
    if (!response.ok) throw new Error(String(response.status));
    return checkedSettings(await response.json());
  } catch (error) {
    throw problem('problem.settings', {}, error);
  }
}

export function engineOf(settings: Settings): Engine {
  return settings.engine === 'wasm' ? new WasmEngine(settings.site!) : new RestEngine();
}
