/** Why a file cannot become a radiograph. Nothing else is thrown for what a file holds. */

import { inEnglish, message, type Message, type MessageKey } from './message';

/** `unreadable`: damaged, cut off, no image; `not-a-radiograph`: an image, but not a plain film. */
export type Refusal = 'unreadable' | 'not-a-radiograph';

export class ImageError extends Error {
  readonly refusal: Refusal;
  readonly told: Message;

  constructor(refusal: Refusal, told: Message, options?: ErrorOptions) {
    super(inEnglish(told), options);
    this.name = 'ImageError';
    this.refusal = refusal;
    this.told = told;
  }

  /** The key of the sentence in the language files. */
  get key(): MessageKey {
    return this.told.key;
  }

  /** The values that stand in the sentence. None of them identifies a patient. */
  get params(): Message['params'] {
    return this.told.params;
  }
}

/** The error for a file that is damaged, breaks off, is too large, or is no image. */
export function unreadable(key: MessageKey, params?: Message['params'], cause?: unknown): ImageError {
  return new ImageError('unreadable', message(key, params), { cause });
}

/** The error for an image that is no plain film. */
export function notARadiograph(key: MessageKey, params?: Message['params']): ImageError {
  return new ImageError('not-a-radiograph', message(key, params));
}

/**
 * What `work` gives; whatever else it throws becomes the refusal `key`.
 *
 * Only calls of parsers and decoders belong inside. Their own messages are dropped: they may quote
 * the header, and with it a patient.
 */
export async function refusing<T>(key: MessageKey, work: () => T | Promise<T>, params?: Message['params']): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw unreadable(key, params);
  }
}
