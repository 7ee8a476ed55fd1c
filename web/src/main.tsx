/** Starts the page: settings, language, and what reads the films. */
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { App } from './app';
import { engineOf, readSettings, type Engine, type Settings } from './engine';
import { Problem, problem } from './engine/problem';
import './page.css';
import './report/report.css';
import { WordsContext } from './view/context';
import { LANGUAGES, preferred, Words } from './words';

interface Started {
  settings: Settings;
  engine: Engine;
}

function Page({ first, started, failure }: { first: Words; started: Started; failure: Problem | null }) {
  const [words, setWords] = useState(first);
  const [bug, setBug] = useState(failure);
  useEffect(() => {
    const { code, dir } = words.language;
    Object.assign(document.documentElement, { lang: code, dir });
  }, [words]);
  useEffect(() => {
    const tell = (reason: unknown) => setBug(problem('problem.bug', { reason: String(reason) }, reason));
    window.addEventListener('error', (event) => tell(event.message));
    window.addEventListener('unhandledrejection', (event) => tell(event.reason));
  }, []);
  const choose = async (code: string) => {
    const language = LANGUAGES.find((each) => each.code === code)!;
    setWords(new Words(language, await language.load()));
  };
  return (
    <WordsContext.Provider value={words}>
      <App {...started} failure={bug} onLanguage={(code) => void choose(code)} />
    </WordsContext.Provider>
  );
}

async function start(): Promise<void> {
  const language = preferred(location.search, navigator.languages);
  const words = new Words(language, await language.load());
  let settings: Settings = { engine: 'rest' };
  let failure: Problem | null = null;
  try {
    settings = await readSettings();
  } catch (error) {
    failure = error as Problem;
  }
  const started = { settings, engine: engineOf(settings) };
  render(<Page first={words} started={started} failure={failure} />, document.getElementById('page')!);
}

void start();
