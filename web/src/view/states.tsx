/** The bar above, and what is shown while there is no film: loading, empty, trouble. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Engine, Loaded, Settings } from '../engine';
import { problem, type Problem } from '../engine/problem';
import type { Bundle } from '../types';
import { useWords } from './context';
import { useNarrow } from './narrow';
import { problemWords } from './films_table';
import { useTheme } from './theme';

export const TAKEN = '.dcm,.dicom,.png,.jpg,.jpeg,application/dicom,image/png,image/jpeg';

const SHOWN = /\.(png|jpe?g)$/i; // what a browser draws by itself

export function Bar({ engine, title, children }: { engine: Engine; title: string; children: ComponentChildren }) {
  const place = engine.place === 'device' ? 'place.device' : engine.fits ? 'place.server.fits' : 'place.server';
  const { say } = useWords();
  return (
    <header class="bar">
      <h1>{title}</h1>
      <p class={`place ${engine.place}`}>
        <span aria-hidden="true">{engine.place === 'device' ? '⌂' : '⇪'}</span>{' '}
        {say(place, { host: engine.host })}
      </p>
      {children}
    </header>
  );
}

interface ButtonsProps {
  canOpen: boolean;
  /** Whether the middle of the page asks for films already. */
  isAsked: boolean;
  canReport: boolean;
  onOpen: (files: FileList | null) => void;
  onPrint: () => void;
  onHtml: () => void;
  onSettings: () => void;
  onHelp: () => void;
}

export function Buttons({ canOpen, isAsked, canReport, onOpen, onPrint, onHtml, onSettings, onHelp }: ButtonsProps) {
  const { say } = useWords();
  const narrow = useNarrow();
  const rest = (
    <>
      {canReport && <button type="button" onClick={onPrint}>{say('report.print')}</button>}
      {canReport && <button type="button" onClick={onHtml}>{say('report.html')}</button>}
      <button type="button" id="settings" onClick={onSettings}>{say('settings')}</button>
      <button type="button" onClick={onHelp}>{say('help')}</button>
    </>
  );
  return (
    <div class="buttons">
      <FileButton id="open" label={say('open')} disabled={!canOpen} hidden={isAsked} onFiles={onOpen} main />
      {narrow ? <Menu label={say('more')}>{rest}</Menu> : rest}
    </div>
  );
}

/** What waits behind three dots; a press in it, Escape, or a press elsewhere closes it. */
function Menu({ label, children }: { label: string; children: ComponentChildren }) {
  const element = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const shut = (event: Event) => {
      const { current } = element;
      if (current === null || (event instanceof KeyboardEvent && event.key !== 'Escape')) return;
      if (event.type === 'keydown' && current.open) current.querySelector('summary')?.focus();
      if (event.type === 'keydown' || !current.contains(event.target as Node)) current.open = false;
    };
    document.addEventListener('keydown', shut);
    document.addEventListener('pointerdown', shut);
    return () => {
      document.removeEventListener('keydown', shut);
      document.removeEventListener('pointerdown', shut);
    };
  }, []);
  return (
    <details class="menu" ref={element}>
      <summary class="button" aria-label={label}>⋯</summary>
      <div
        onClick={() => {
          element.current?.removeAttribute('open');
          element.current?.querySelector('summary')?.focus(); // a dialog gives it back to what had it
        }}
      >
        {children}
      </div>
    </details>
  );
}

interface FileButtonProps {
  id: string;
  label: string;
  disabled?: boolean;
  hidden?: boolean;
  camera?: boolean;
  main?: boolean;
  onFiles: (files: FileList | null) => void;
}

/** A real file input inside its label: the label is the button, the input keeps the keyboard. */
export function FileButton({ id, label, disabled, hidden, camera, main, onFiles }: FileButtonProps) {
  return (
    <label hidden={hidden} class={`button${main ? ' main' : ''}${disabled ? ' disabled' : ''}`}>
      <input
        id={id} type="file" disabled={disabled} multiple={!camera}
        accept={camera ? 'image/*' : TAKEN} capture={camera ? 'environment' : undefined}
        onChange={(event) => {
          onFiles(event.currentTarget.files);
          event.currentTarget.value = '';
        }}
      />
      {label}
    </label>
  );
}

export function Loading({ engine, loaded }: { engine: Engine; loaded: Loaded }) {
  const { say, number } = useWords();
  const mb = (bytes: number) => number((bytes / 1e6).toFixed(1));
  const complete = loaded.total > 0 && loaded.done >= 0.995 * loaded.total;
  const words =
    engine.place === 'server'
      ? say('loading.server', { host: engine.host })
      : complete
        ? say('loading.check')
        : say('loading', { done: mb(loaded.done), total: mb(loaded.total) });
  return (
    <section class="loading" role="status">
      <p id="loading-words">{words}</p>
      {engine.bytes > 0 && <progress max={loaded.total} value={loaded.done} aria-labelledby="loading-words" />}
    </section>
  );
}

/** The page where it cannot know who reads, or cannot draw itself: it claims nothing, and opens nothing. */
export function Unsettled({ problem }: { problem: Problem }) {
  const { say } = useWords();
  useTheme('system');
  return (
    <div class="app">
      <header class="bar"><h1>{say('title')}</h1></header>
      <p class="device">{say('device')}</p>
      <main><ProblemBox problem={problem} onRetry={() => location.reload()} /></main>
    </div>
  );
}

interface EmptyProps {
  settings: Settings;
  bundle: Bundle;
  others: string[];
  onOpen: (files: FileList | null) => void;
  onFiles: (files: File[]) => void;
}

export function Empty({ settings, bundle, others, onOpen, onFiles }: EmptyProps) {
  const { say } = useWords();
  const { header } = bundle;
  const [trouble, setTrouble] = useState<Problem | null>(null);
  const fetchExample = async (url: string) => {
    const file = url.split('/').at(-1)!;
    try {
      const response = await fetch(url);
      if (!response.ok) throw new Error(String(response.status));
      onFiles([new File([await response.blob()], file)]);
    } catch (error) {
      setTrouble(problem('problem.download', { file }, error));
    }
  };
  return (
    <section class="empty">
      <p class="status" role="status">{say('ready', { bundle: header.name, version: header.version })}</p>
      <div class="drop">
        <p class="large">{say('drop')}</p>
        <p>{say('drop.formats')}</p>
        <p class="row">
          <FileButton id="open-here" label={say('open')} onFiles={onOpen} main />
          <FileButton id="camera" label={say('camera')} onFiles={onOpen} camera />
        </p>
      </div>
      <p>{say('findings.refers', { population: header.population?.words ?? say('unknown') })}</p>
      <Others names={others} />
      {settings.description && <p>{settings.description}</p>}
      {trouble && <ProblemBox problem={trouble} onRetry={null} />}
      {(settings.examples ?? []).length > 0 && (
        <p class="row">
          {say('examples')}{' '}
          {settings.examples!.map(({ name, url }) => (
            <button key={url} type="button" class="example" onClick={() => void fetchExample(url)}>
              {SHOWN.test(url) && <img src={url} alt="" height="96" />}
              {name}
            </button>
          ))}
        </p>
      )}
    </section>
  );
}

/** Where else the house sends its visitors; nothing is fetched until one is pressed. */
export function Links({ links }: { links: Settings['links'] }) {
  if (!links?.length) return null;
  return (
    <ul class="links">
      {links.map(({ name, url }) => <li key={url}><a href={url} rel="noreferrer">{name}</a></li>)}
    </ul>
  );
}

/** The other bundles that could read instead. */
export function Others({ names }: { names: string[] }) {
  const { say, language } = useWords();
  if (names.length === 0) return null;
  return (
    <p>
      {say('about.others')}{' '}
      {names.map((name) => [<a key={name} href={`?bundle=${name}&lang=${language.code}`}>{name}</a>, ' '])}
    </p>
  );
}

/** What went wrong and what to do; no button where trying again cannot help. */
export function ProblemBox({ problem, onRetry }: { problem: Problem; onRetry: (() => void) | null }) {
  const words = useWords();
  return (
    <section class="problem" role="alert">
      <h2>{words.say('problem')}</h2>
      <p>{problemWords(words, problem)}</p>
      {onRetry && <button type="button" onClick={onRetry}>{words.say('retry')}</button>}
    </section>
  );
}
