/** Predictions as JSON, as `plainfilm read --json` prints them; docs/reference/prediction.md. */
import type { Prediction } from '../types';

/** One object for a single film, else an array. */
export function jsonReport(predictions: Prediction[]): string {
  return JSON.stringify(predictions.length === 1 ? predictions[0] : predictions, null, 2) + '\n';
}
