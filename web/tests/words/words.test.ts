import { describe, expect, test } from 'vitest';
import imageEnglish from '../../src/images/messages.en.json';
import { LANGUAGES, preferred, Words, type Messages } from '../../src/words';

const english = await LANGUAGES[0].load();
const places = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

describe.each(LANGUAGES.slice(1))('$name', (language) => {
  test('has every message, with the same places to fill', async () => {
    const messages: Messages = await language.load();
    expect(Object.keys(messages)).toEqual(Object.keys(english));
    for (const [key, text] of Object.entries(messages)) {
      expect(text, key).not.toBe('');
      expect(places(text), key).toEqual(places(english[key as keyof Messages]));
    }
  });

  test('is told to be a draft, and is a translation', async () => {
    const messages = await language.load();
    expect(messages.draft).not.toBe('');
    const same = Object.entries(messages).filter(([key, text]) => text === english[key as keyof Messages]);
    expect(same.length).toBeLessThan(16); // JSON, Population, Oblique and the like
  });

  test('says why a file is no film, and what to mind in one that is', async () => {
    const words = new Words(language, await language.load());
    for (const [key, text] of Object.entries(imageEnglish)) {
      const sentence = text.replaceAll(/\{(\w+)\}/g, '17');
      const found = words.said(sentence);
      expect(found, key).not.toBe(sentence);
      expect((found.match(/17/g) ?? []).length, key).toBe((sentence.match(/17/g) ?? []).length);
    }
  });

  test('says the sentences of the gate', async () => {
    const words = new Words(language, await language.load());
    const sentence = 'OUTSIDE POPULATION: age 40, expected 1 to 5 years. The bundle is only for children';
    expect(words.said(sentence)).not.toContain('The bundle');
    expect(words.said(sentence)).toContain('children');
    const reasons = ["age 1, expected 2 to 95 years", "view LATERAL, expected PA or AP", "by the film's header body part knee, expected chest"];
    const refusal = words.said(`${reasons.join('; ')}. The bundle is only for girls of 7 to 9 years`);
    for (const english of ['expected', ' or ', 'header', 'body part']) expect(refusal).not.toContain(english);
    for (const kept of ['1', '2', '95', 'LATERAL', 'PA', 'AP', 'knee', 'chest', 'girls of 7 to 9 years']) expect(refusal).toContain(kept);
    const small = 'the film is small (40 x 90; the network looks at 96 x 96), so fine detail is missing';
    for (const number of ['40 x 90', '96 x 96']) expect(words.said(small)).toContain(number);
    expect(words.said('something new')).toBe('something new');
  });
});

test('the language is the asked for, else the browser\'s, else English', () => {
  expect(preferred('?lang=ar', ['fr']).code).toBe('ar');
  expect(preferred('?lang=xx', ['de-CH', 'pt-BR', 'fr']).code).toBe('pt');
  expect(preferred('', ['de']).code).toBe('en');
});

test('a decimal sign is the language\'s, digits are not', async () => {
  const french = new Words(LANGUAGES[2], await LANGUAGES[2].load());
  expect(french.number('0.94')).toBe('0,94');
  expect(new Words(LANGUAGES[0], english).number('0.94')).toBe('0.94');
});

test('things are listed with the language\'s comma', async () => {
  const arabic = new Words(LANGUAGES[5], await LANGUAGES[5].load());
  expect(arabic.list(['a', 'b'])).toBe('a، b');
  expect(new Words(LANGUAGES[0], english).list(['a', 'b'])).toBe('a, b');
});

test('two claims are parted by the language\'s semicolon', async () => {
  const arabic = new Words(LANGUAGES[5], await LANGUAGES[5].load());
  expect(arabic.both('a', 'b')).toBe('a؛ b');
  expect(new Words(LANGUAGES[0], english).both('a', 'b')).toBe('a; b');
});

test('width stands before height where words run from right to left', async () => {
  const arabic = new Words(LANGUAGES[5], await LANGUAGES[5].load());
  expect(arabic.say('said.too-small', { width: 40, height: 90, least: 64 })).toContain('\u206640 x 90\u2069');
});
