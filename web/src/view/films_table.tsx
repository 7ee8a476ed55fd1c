/** Several films at once: a row each, and the table as a file. */
import { saveText } from '../report/saving';
import { csvReport } from '../report/csv';
import { jsonReport } from '../report/json';
import type { OpenFilm, Session } from '../session';
import * as wording from '../words/wording';
import type { Words } from '../words';
import { useWords } from './context';

export function FilmsTable({ session }: { session: Session }) {
  const words = useWords();
  const { films } = session;
  const read = films.filter((film) => film.status === 'read').length;
  const done = films.filter((film) => film.status === 'read' || film.status === 'failed').length;
  const predictions = films.flatMap((film) => (film.answer ? [film.answer.prediction] : []));
  return (
    <section class="films" aria-labelledby="films-title">
      <h2 id="films-title">{words.say('films')}</h2>
      <p id="films-count" class="quiet">{words.say('films.count', { read, all: films.length })}</p>
      {done < films.length && films.length > 1 && <progress max={films.length} value={done} aria-labelledby="films-count" />}
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="films-title">
        <table>
          <thead>
            <tr>
              <th scope="col">{words.say('films.name')}</th>
              <th scope="col">{words.say('films.answer')}</th>
            </tr>
          </thead>
          <tbody>
            {films.map((film) => (
              <tr key={film.id} class={film.id === session.shown ? 'shown' : ''}>
                <th scope="row">
                  <button type="button" aria-pressed={film.id === session.shown} onClick={() => session.show(film.id)}>
                    <bdi>{film.name}</bdi>
                  </button>
                </th>
                <td><span class="short">{inShort(words, film)}</span></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p>
        <button type="button" disabled={read === 0} onClick={() => saveText(csvReport(predictions), 'plainfilm.csv', 'text/csv')}>
          {words.say('films.csv')}
        </button>{' '}
        <button type="button" disabled={read === 0} onClick={() => saveText(jsonReport(predictions), 'plainfilm.json', 'application/json')}>
          {words.say('films.json')}
        </button>{' '}
        <button type="button" id="close-all" onClick={() => session.closeAll()}>{words.say('films.remove')}</button>
      </p>
    </section>
  );
}

function inShort(words: Words, film: OpenFilm): string {
  if (film.problem !== null) return words.say('films.failed', { reason: problemWords(words, film.problem) });
  return film.answer === null ? words.say('films.waiting') : wording.summary(words, film.answer.prediction);
}

export function problemWords(words: Words, problem: { key: string; params: Record<string, string | number> }): string {
  if (!words.knows(problem.key)) return problem.key;
  const { reason } = problem.params;
  const params = typeof reason === 'string' ? { ...problem.params, reason: words.said(reason) } : problem.params;
  return words.say(problem.key, params);
}
