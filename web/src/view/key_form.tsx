/** Asks for the key that a server wants. It stays in memory: nothing is stored, and a reload forgets it. */
import { useState } from 'preact/hooks';
import type { Problem } from '../engine/problem';
import { useWords } from './context';

/** Whether a key is what is wanted. */
export function wantsKey(problem: Problem | null): boolean {
  return problem?.key === 'problem.key' || problem?.key === 'problem.key.wrong';
}

interface Props {
  problem: Problem;
  onKey: (key: string) => void;
}

export function KeyForm({ problem, onKey }: Props) {
  const { say } = useWords();
  const [key, setKey] = useState('');
  const isWrong = problem.key === 'problem.key.wrong';
  return (
    <form
      class="key-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (key.trim() !== '') onKey(key.trim());
      }}
    >
      <h2>{say('key.title')}</h2>
      <p id="key-words">{say('problem.key')}</p>
      {isWrong && <p role="alert" class="shout">{say('problem.key.wrong')}</p>}
      <label>
        {say('key.label')}{' '}
        <input
          type="password" autocomplete="off" spellcheck={false} required aria-describedby="key-words" value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </label>
      <p class="quiet">{say('key.kept')}</p>
      <button type="submit" class="main">{say('key.send')}</button>
    </form>
  );
}
