/** The page: what reads, the films, and what was found. */
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import type { Engine, Loaded, Settings as SiteSettings } from './engine';
import { Problem, problem } from './engine/problem';
import { saveText } from './report/saving';
import { htmlReport } from './report/html';
import { Session } from './session';
import type { Bundle } from './types';
import { Asking } from './view/asking';
import { Bar, Buttons, Empty, Links, Loading, Others, ProblemBox } from './view/states';
import { useWords } from './view/context';
import { Help, Settings, type Choices } from './view/dialogs';
import { FilmPanel, FIRST_LOOK, type Look } from './view/film_panel';
import { FITTED, moved, zoomed } from './view/film_view';
import { FilmsTable } from './view/films_table';
import { Findings, ordered } from './view/findings';
import { KeyForm, wantsKey } from './view/key_form';
import { useTheme } from './view/theme';
import { useShortcuts } from './view/keys';
import { useLostFocus } from './view/lost_focus';
import { Report } from './view/report';
import { summary } from './words/wording';
import { forget, keepOffline, takeNewer } from './offline';

interface Props {
  engine: Engine;
  settings: SiteSettings;
  failure: Problem | null;
  onLanguage: (code: string) => void;
}

const CHOICES: Choices = { theme: 'system', lookFirst: false, fits: false, keys: true };
const PAN = 0.1; // of the frame, for one press of an arrow

export function App({ engine, settings, failure, onLanguage }: Props) {
  const words = useWords();
  const { say } = words;
  const [choices, setChoices] = useState(CHOICES);
  const [dialog, setDialog] = useState<'help' | 'settings' | null>(null);
  const [look, setLook] = useState<Look>(FIRST_LOOK);
  const [picked, setPicked] = useState<{ film: number; index: number } | null>(null);
  const [seen, setSeen] = useState<ReadonlySet<number>>(new Set());
  const { session, loaded, trouble, newer, retry } = useSession(engine);
  const admit = (key: string) => {
    engine.admit?.(key);
    retry();
  };
  const film = session?.film ?? null;
  const answer = film?.answer ?? null;
  const order = useMemo(() => ordered(answer?.prediction.findings ?? []), [answer]);
  const hidden = choices.lookFirst && film !== null && !seen.has(film.id);
  const chosen = hidden || order.length === 0 ? null : picked?.film === film?.id && picked !== null ? picked.index : order[0];
  const onLook = (change: Partial<Look>) => setLook((now) => ({ ...now, ...change }));

  useTheme(choices.theme);
  useLostFocus(film);
  useLayoutEffect(() => onLook({ place: FITTED }), [film?.id]);

  // Films that come while the bundle is still loading wait for it.
  const early = useRef<File[]>([]);
  const open = (files: Iterable<File> | null) => {
    if (session === null) early.current.push(...(files ?? []));
    else void session.open([...(files ?? [])]);
  };
  useEffect(() => {
    if (session !== null && early.current.length > 0) void session.open(early.current.splice(0));
  }, [session]);
  const step = (by: number) => {
    if (chosen === null || film === null) return;
    const next = order[(order.indexOf(chosen) + by + order.length) % order.length];
    setPicked({ film: film.id, index: next });
  };
  const print = () => answer !== null && !hidden && window.print();
  const saveHtml = () => {
    const report = document.querySelector('.report');
    if (report !== null && film !== null) saveText(htmlReport(report, `plainfilm: ${film.name}`), 'plainfilm-report.html', 'text/html');
  };
  const pan = (x: number, y: number) => () => onLook({ place: moved(look.place, x, y) });
  const fade = (by: number) => () => onLook({ opacity: Math.min(1, Math.max(0, look.opacity + by)) });
  const zoom = (by: number) => () => onLook({ place: zoomed(look.place, by) });
  useShortcuts(choices.keys, {
    o: () => document.querySelector<HTMLInputElement>('#open')?.click(),
    i: () => onLook({ tone: { ...look.tone, inverted: !look.tone.inverted } }),
    h: () => onLook({ heat: !look.heat }),
    s: () => onLook({ side: !look.side }),
    w: () => onLook({ windowing: !look.windowing }),
    r: print,
    j: () => step(1), k: () => step(-1),
    '[': fade(-0.1), ']': fade(0.1),
    '+': zoom(1.25), '=': zoom(1.25), '-': zoom(0.8), '0': () => onLook({ place: FITTED }),
    ...(film !== null && look.place.zoom > 1
      ? { ArrowLeft: pan(PAN, 0), ArrowRight: pan(-PAN, 0), ArrowUp: pan(0, PAN), ArrowDown: pan(0, -PAN) }
      : {}),
    '?': () => setDialog('help'),
  });

  return (
    <div
      class="app"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        open(event.dataTransfer?.files ?? null);
      }}
    >
      <a class="skip" href="#findings">{say('skip')}</a>
      <Bar engine={engine} title={settings.title ?? say('title')}>
        <Buttons
          canOpen={session !== null}
          isAsked={session !== null && film === null}
          canReport={answer !== null && !hidden}
          onOpen={open}
          onPrint={print}
          onHtml={saveHtml}
          onSettings={() => setDialog('settings')}
          onHelp={() => setDialog('help')}
        />
      </Bar>
      <p class="device">
        {say('device')} {say('assists')} {words.language.code !== 'en' && say('draft')}
      </p>
      <div role="status">
        {newer && (
          <p class="newer">
            {say('newer')} <button type="button" onClick={() => void takeNewer()}>{say('newer.take')}</button>
          </p>
        )}
      </div>
      <main>
        {wantsKey(trouble) && <KeyForm problem={trouble!} onKey={admit} />}
        {(failure ?? trouble) && !wantsKey(trouble) && (
          <ProblemBox problem={(failure ?? trouble)!} onRetry={failure ? () => location.reload() : retry} />
        )}
        {session === null && !trouble && !failure && <Loading engine={engine} loaded={loaded} />}
        {session !== null && film === null && (
          <Empty settings={settings} bundle={session.bundle} others={engine.others} onOpen={open} onFiles={open} />
        )}
        {session !== null && session.films.length > 1 && <FilmsTable session={session} />}
        {session !== null && film !== null && (
          <div class="reading">
            <FilmPanel film={film} bundle={session.bundle} chosen={chosen} look={look} onLook={onLook} />
            <div class="side">
              <p class={answer === null ? 'status' : 'status unseen'} role="status">
                {film.status === 'opening' && say('decoding', { name: film.name })}
                {film.status === 'reading' &&
                  (engine.place === 'server' ? say('reading.sent', { host: engine.host }) : say('reading', { name: film.name }))}
                {answer !== null && (hidden ? say('look-first.words') : summary(words, answer.prediction))}
              </p>
              {film.status === 'reading' && <button type="button" onClick={() => session.cancel()}>{say('cancel')}</button>}
              {wantsKey(film.problem) && (
                <KeyForm
                  problem={film.problem!}
                  onKey={(key) => {
                    engine.admit?.(key);
                    void session.again(film, film.said);
                  }}
                />
              )}
              {film.problem && !wantsKey(film.problem) && (
                <ProblemBox
                  problem={film.problem}
                  onRetry={film.problem.key === 'problem.file' ? null : () => void session.again(film, film.said)}
                />
              )}
              {answer !== null && hidden && (
                <p class="look-first">
                  {say('look-first.words')}{' '}
                  <button type="button" class="main" onClick={() => setSeen(new Set([...seen, film.id]))}>
                    {say('look-first.show')}
                  </button>
                </p>
              )}
              {answer !== null && !hidden && (
                <Findings
                  prediction={answer.prediction}
                  bundle={session.bundle}
                  chosen={chosen}
                  hasMaps={answer.maps !== null}
                  onChoose={(index) => setPicked({ film: film.id, index })}
                >
                  <Asking key={film.id} film={film} bundle={session.bundle} onSaid={(said) => void session.again(film, said)} />
                </Findings>
              )}
            </div>
          </div>
        )}
        {session !== null && session.films.length === 1 && <FilmsTable session={session} />}
      </main>
      {session !== null && <About bundle={session.bundle} half={engine.place === 'device'} others={engine.others} />}
      <Links links={settings.links} />
      {session !== null && film !== null && !hidden && <Report film={film} bundle={session.bundle} />}
      {dialog === 'help' && <Help onClose={() => setDialog(null)} />}
      {dialog === 'settings' && (
        <Settings
          choices={choices}
          onChoices={(change) => {
            if (engine.fits !== undefined && change.fits !== undefined) engine.fits = change.fits;
            setChoices({ ...choices, ...change });
          }}
          onLanguage={onLanguage}
          canFit={engine.fits !== undefined}
          onForget={engine.place === 'device' ? () => void forget().then(() => setDialog(null)) : null}
          onClose={() => setDialog(null)}
        />
      )}
    </div>
  );
}

function About({ bundle, half, others }: { bundle: Bundle; half: boolean; others: string[] }) {
  const { say } = useWords();
  const { header, sha256 } = bundle;
  return (
    <footer>
      <details>
        <summary>{say('about')}: <bdi>{header.name} {header.version}</bdi></summary>
        <div lang="en" dir="ltr">
          <p>{header.intended_use}</p>
          <ul>{header.limits.map((limit) => <li key={limit}>{limit}</li>)}</ul>
        </div>
        <Others names={others} />
        {half && <p>{say('half')}</p>}
        <p class="quiet hash">SHA-256 <bdi>{sha256}</bdi></p>
      </details>
    </footer>
  );
}

function useSession(engine: Engine) {
  const [, changed] = useReducer((count: number) => count + 1, 0);
  const [attempt, again] = useReducer((count: number) => count + 1, 0);
  const [session, setSession] = useState<Session | null>(null);
  const [loaded, setLoaded] = useState<Loaded>({ done: 0, total: engine.bytes });
  const [trouble, setTrouble] = useState<Problem | null>(null);
  const [newer, setNewer] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    setTrouble(null);
    engine
      .start(setLoaded, stop.signal)
      .then((bundle) => {
        setSession(new Session(engine, bundle, () => changed(undefined)));
        if (engine.place === 'device') void keepOffline(() => setNewer(true)); // not earlier: it fetches the same files
      })
      .catch((error: unknown) => {
        if (stop.signal.aborted) return;
        const reason = error instanceof Error ? error.message : String(error);
        setTrouble(error instanceof Problem ? error : problem('problem.bug', { reason }, error));
      });
    return () => stop.abort();
  }, [engine, attempt]);
  return { session, loaded, trouble, newer, retry: () => again(undefined) };
}
