/** The words in the reader's language, for every view. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Words } from '../words';

export const WordsContext = createContext<Words>(null as unknown as Words);

export function useWords(): Words {
  return useContext(WordsContext);
}
