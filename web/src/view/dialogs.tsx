/** Help and settings, as the browser's own dialogs: they keep the focus and close with Escape. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { LANGUAGES, type Key } from '../words';
import { useWords } from './context';

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}

function Dialog({ title, onClose, children }: DialogProps) {
  const { say } = useWords();
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => element.current?.showModal(), []);
  return (
    <dialog ref={element} aria-labelledby="dialog-title" onClose={onClose}>
      <h2 id="dialog-title">{title}</h2>
      {children}
      <p><button type="button" class="main" onClick={() => element.current?.close()}>{say('close')}</button></p>
    </dialog>
  );
}

const SHORTCUTS: [string, Key][] = [
  ['O', 'key.o'], ['I', 'key.i'], ['H', 'key.h'], ['[ ]', 'key.opacity'], ['J K', 'key.finding'],
  ['+ - 0', 'key.zoom'], ['← ↑ → ↓', 'key.pan'], ['W', 'key.w'], ['S', 'key.s'], ['R', 'key.r'], ['?', 'key.help'],
];

export function Help({ onClose }: { onClose: () => void }) {
  const { say } = useWords();
  return (
    <Dialog title={say('keys')} onClose={onClose}>
      <dl class="keys">
        {SHORTCUTS.map(([keys, words]) => [<dt><kbd>{keys}</kbd></dt>, <dd>{say(words)}</dd>])}
      </dl>
    </Dialog>
  );
}

export interface Choices {
  theme: 'system' | 'dark' | 'light';
  lookFirst: boolean;
  /** Send only the film as the network sees it. */
  fits: boolean;
  keys: boolean;
}

interface SettingsProps {
  choices: Choices;
  onChoices: (change: Partial<Choices>) => void;
  onLanguage: (code: string) => void;
  canFit: boolean;
  onForget: (() => void) | null;
  onClose: () => void;
}

export function Settings({ choices, onChoices, onLanguage, canFit, onForget, onClose }: SettingsProps) {
  const { say, language } = useWords();
  return (
    <Dialog title={say('settings')} onClose={onClose}>
      <p>
        <label>
          {say('language')}{' '}
          <select value={language.code} onChange={(event) => onLanguage(event.currentTarget.value)}>
            {LANGUAGES.map(({ code, name }) => <option key={code} value={code} lang={code}>{name}</option>)}
          </select>
        </label>
      </p>
      <p>
        <label>
          {say('theme')}{' '}
          <select
            value={choices.theme}
            onChange={(event) => onChoices({ theme: event.currentTarget.value as Choices['theme'] })}
          >
            {(['system', 'dark', 'light'] as const).map((theme) => (
              <option key={theme} value={theme}>{say(`theme.${theme}`)}</option>
            ))}
          </select>
        </label>
      </p>
      <p>
        <label>
          <input type="checkbox" checked={choices.lookFirst}
            onChange={(event) => onChoices({ lookFirst: event.currentTarget.checked })} />{' '}
          {say('look-first')}
        </label>
      </p>
      <p>
        <label>
          <input type="checkbox" checked={choices.keys}
            onChange={(event) => onChoices({ keys: event.currentTarget.checked })} />{' '}
          {say('key.on')}
        </label>
      </p>
      {canFit && (
        <p>
          <label>
            <input type="checkbox" checked={choices.fits} aria-describedby="fits-words"
              onChange={(event) => onChoices({ fits: event.currentTarget.checked })} />{' '}
            {say('fits')}
          </label>{' '}
          <span id="fits-words" class="quiet">{say('fits.words')}</span>
        </p>
      )}
      {onForget && <p><button type="button" onClick={onForget}>{say('forget')}</button></p>}
    </Dialog>
  );
}
