/** The page's words in the reader's language. English is the source; the others are machine drafts. */
import imageEnglish from '../images/messages.en.json';
import pageEnglish from './en.json';

const english = { ...pageEnglish, ...imageEnglish };

export type Key = keyof typeof english;
export type Params = Record<string, string | number>;
export type Messages = Record<Key, string>;

export interface Language {
  code: string;
  /** Its own name for itself. */
  name: string;
  dir: 'ltr' | 'rtl';
  load: () => Promise<Messages>;
}

type Part<T> = Promise<{ default: T }>;

/** The page's words and those of its reader of images. */
async function joined(page: Part<typeof pageEnglish>, images: Part<typeof imageEnglish>): Promise<Messages> {
  return { ...(await page).default, ...(await images).default };
}

export const LANGUAGES: Language[] = [
  { code: 'en', name: 'English', dir: 'ltr', load: async () => english },
  { code: 'es', name: 'Español', dir: 'ltr', load: () => joined(import('./es.json'), import('../images/messages.es.json')) },
  { code: 'fr', name: 'Français', dir: 'ltr', load: () => joined(import('./fr.json'), import('../images/messages.fr.json')) },
  { code: 'pt', name: 'Português', dir: 'ltr', load: () => joined(import('./pt.json'), import('../images/messages.pt.json')) },
  { code: 'hi', name: 'हिन्दी', dir: 'ltr', load: () => joined(import('./hi.json'), import('../images/messages.hi.json')) },
  { code: 'ar', name: 'العربية', dir: 'rtl', load: () => joined(import('./ar.json'), import('../images/messages.ar.json')) },
];

/** The language asked for by ?lang=, else the browser's first that the page has, else English. */
export function preferred(search: string, wanted: readonly string[]): Language {
  const asked = [new URLSearchParams(search).get('lang') ?? '', ...wanted];
  const codes = asked.map((tag) => tag.toLowerCase().split('-')[0]);
  const found = codes.map((code) => LANGUAGES.find((language) => language.code === code)).find(Boolean);
  return found ?? LANGUAGES[0];
}

/** The words of a language; English, which came with the page, where they cannot be fetched. */
export async function loaded(language: Language): Promise<Words> {
  try {
    return new Words(language, await language.load());
  } catch {
    return new Words(LANGUAGES[0], english);
  }
}

const FACTS = ['age', 'view', 'body part', 'sex'];

export class Words {
  private readonly patterns: { key: Key; pattern: RegExp; names: string[] }[];

  constructor(
    readonly language: Language,
    private readonly messages: Messages,
  ) {
    this.patterns = (Object.keys(english) as Key[]).filter((key) => /^(said|image)\./.test(key)).map(patternOf);
  }

  /** A message with its places filled. */
  say = (key: Key, params: Params = {}): string => {
    return this.ordered(this.messages[key]).replaceAll(/\{(\w+)\}/g, (_, name: string) => this.isolated(String(params[name] ?? '')));
  };

  /** A finding's name: the bundle's own in English, else the page's where it knows one. */
  finding = ({ finding, display }: { finding: string; display: string }): string => {
    const key = `finding.${finding}`;
    return this.language.code !== 'en' && this.knows(key) ? this.say(key) : display;
  };

  /** Whether a message of this name exists: for keys that come from other modules. */
  knows(key: string): key is Key {
    return key in english;
  }

  /**
   * A sentence of the gate or of a file's reader in this language. They say English everywhere, so that
   * every engine, report and program has the same words; what is not recognised stays English.
   */
  said = (sentence: string): string => {
    if (this.language.code === 'en') return sentence;
    for (const { key, pattern, names } of this.patterns) {
      const found = pattern.exec(sentence);
      if (found === null) continue;
      const inner = found.slice(1).map((part, i) => this.inner(key, names[i], part));
      return this.say(key, Object.fromEntries(names.map((name, i) => [name, inner[i]])));
    }
    return sentence;
  };

  /** A place of such a sentence: others stand in it, or facts, or what is not translated. */
  private inner(key: Key, name: string, part: string): string {
    if (name === 'what' && key === 'said.outside') return part.split('; ').map(this.said).join(`${this.pause} `);
    if (key === 'said.shout' || key === 'said.outside.header') return this.said(part);
    if (name === 'expected') return part.replaceAll(' or ', ` ${this.messages.or} `);
    return this.facts(part);
  }

  /** "age, view and body part" in this language; anything else as it is. */
  private facts(text: string): string {
    const parts = text.split(/, | and /);
    return parts.every((part) => FACTS.includes(part)) ? this.list(parts.map((part) => this.say(part as Key))) : text;
  }

  /** Width x height, also in a text that runs from right to left. */
  private ordered(text: string): string {
    return this.language.dir === 'rtl' ? text.replaceAll(/\{\w+\} x \{\w+\}/g, '\u2066$&\u2069') : text;
  }

  /** Latin words inside a text that runs from right to left, kept together (Unicode UAX 9, isolates). */
  private isolated(part: string): string {
    return this.language.dir === 'rtl' && /[A-Za-z]/.test(part) ? `\u2068${part}\u2069` : part;
  }

  /** Things one after another, with the language's comma. */
  list = (parts: string[]): string => parts.join(this.language.code === 'ar' ? '، ' : ', ');

  /** Two claims in one sentence, with the language's semicolon. */
  both = (one: string, other: string): string => `${one}${this.pause} ${other}`;

  private get pause(): string {
    return this.language.code === 'ar' ? '؛' : ';';
  }

  /** The language's decimal sign, in a text that holds a number; digits stay 0 to 9. */
  number = (text: string): string => {
    const comma = ['es', 'fr', 'pt'].includes(this.language.code);
    return comma ? text.replace(/(\d)\.(\d)/g, '$1,$2') : text;
  };
}

function patternOf(key: Key): { key: Key; pattern: RegExp; names: string[] } {
  const names: string[] = [];
  const source = english[key].replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    names.push(name);
    return '(.+)';
  });
  return { key, pattern: new RegExp(`^${source}$`), names };
}
