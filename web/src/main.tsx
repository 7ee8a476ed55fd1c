/** Starts the page: settings, language, and what reads the films. */
import { render } from 'preact';
import { useEffect, useErrorBoundary, useState } from 'preact/hooks';
import { App } from './app';
import { engineOf, readSettings, type Engine, type Settings } from './engine';
import { Problem, problem } from './engine/problem';
import './page.css';
import './report/report.css';
import { WordsContext } from './view/context';
import { Unsettled } from './view/states';
import { LANGUAGES, loaded, preferred, Words } from './words';

interface Started {
  settings: Settings;
  engine: Engine;
}

/** What reads the films; or why nobody knows who does. */
type Start = Started | Problem;

function Page({ first, start }: { first: Words; start: Start }) {
  const [words, setWords] = useState(first);
  const [bug, setBug] = useState<Problem | null>(null);
  const [broken] = useErrorBoundary(); // what could not be drawn is not tried again and again
  useEffect(() => {
    const { code, dir } = words.language;
    Object.assign(document.documentElement, { lang: code, dir });
  }, [words]);
  useEffect(() => {
    const tell = (reason: unknown) => setBug(mistake(reason));
    window.addEventListener('error', (event) => tell(event.message));
    window.addEventListener('unhandledrejection', (event) => tell(event.reason));
  }, []);
  const choose = async (code: string) => {
    const language = LANGUAGES.find((each) => each.code === code)!;
    try {
      setWords(new Words(language, await language.load()));
      setBug((last) => (last?.key === 'problem.download' ? null : last));
    } catch (error) {
      setBug(problem('problem.download', { file: language.name }, error));
    }
  };
  const shown = broken === undefined ? start : mistake(broken);
  return (
    <WordsContext.Provider value={words}>
      {shown instanceof Problem
        ? <Unsettled problem={shown} />
        : <App {...shown} failure={bug} onLanguage={(code) => void choose(code)} />}
    </WordsContext.Provider>
  );
}

function mistake(reason: unknown): Problem {
  return problem('problem.bug', { reason: String(reason) }, reason);
}

async function started(): Promise<Start> {
  try {
    const settings = await readSettings();
    return { settings, engine: engineOf(settings) };
  } catch (error) {
    return error as Problem;
  }
}

async function begin(): Promise<void> {
  const words = await loaded(preferred(location.search, navigator.languages));
  const start = await started();
  const place = document.getElementById('page')!;
  place.replaceChildren(); // what stood there until now
  render(<Page first={words} start={start} />, place);
}

void begin();
