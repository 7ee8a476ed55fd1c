/** A sentence for a person, as a key into the language files and the values that stand in it. */

import english from './messages.en.json';

export type MessageKey = keyof typeof english;

export interface Message {
  readonly key: MessageKey;
  readonly params: Readonly<Record<string, string | number>>;
}

/** The message of `key`; `params` are put where the text has their names in braces. */
export function message(key: MessageKey, params: Message['params'] = {}): Message {
  return { key, params };
}

/** A whole number with its thousands apart, as the English messages have large ones. */
export function grouped(number: number): string {
  return number.toLocaleString('en-US');
}

/** The message in English, in the words that Python's reader has for the same. */
export function inEnglish({ key, params }: Message): string {
  return english[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}
