/** What the file does not say is asked of the person, who may also insist. */
import { useState } from 'preact/hooks';
import { gather, missing } from '../reading/population';
import { headerOf } from '../reading/reader';
import type { OpenFilm } from '../session';
import type { Bundle, Said, Sex, View } from '../types';
import { useWords } from './context';
import type { Key } from '../words';
import { useNarrow } from './narrow';

const SEXES: Sex[] = ['F', 'M'];
const VIEWS: View[] = ['PA', 'AP', 'LATERAL', 'OBLIQUE'];

interface Props {
  film: OpenFilm;
  bundle: Bundle;
  onSaid: (said: Said) => void;
}

export function Asking({ film, bundle, onSaid }: Props) {
  const words = useWords();
  const { population } = bundle.header;
  const narrow = useNarrow();
  const [age, setAge] = useState(film.said.ageYears?.toString() ?? '');
  const [view, setView] = useState<View | ''>(film.said.view ?? '');
  const [part, setPart] = useState(film.said.bodyPart ?? '');
  const [sex, setSex] = useState<Sex | ''>(film.said.sex ?? '');
  if (film.radiograph === null || film.answer === null) return null;
  const told = gather(headerOf(film.radiograph), film.said);
  const lacking = missing(population, told.known);
  const what = words.list(lacking.map((each) => words.say(each as Key)));
  const refused = film.answer.prediction.refused !== null;
  const said = (): Said => ({
    ageYears: age.trim() === '' ? null : Number(age),
    view: view || null,
    bodyPart: part || null,
    sex: sex || null,
    outsidePopulation: false,
  });
  return (
    <details class="asking" open={refused || (lacking.length > 0 && !narrow)}>
      <summary>
        {words.say('ask')}
        {lacking.length > 0 && <span class="lacking"> · {words.say('ask.lacking', { what })}</span>}
      </summary>
      {lacking.length > 0 && <p>{words.say('ask.why', { what })}</p>}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onSaid(said());
        }}
      >
        <label>
          {words.say('ask.age')}
          <input
            type="number" inputMode="decimal" min="0" max="130" step="any" value={age}
            placeholder={told.header.ageYears === null ? '' : String(Math.floor(told.header.ageYears))}
            onInput={(event) => setAge(event.currentTarget.value)}
          />
        </label>
        <label>
          {words.say('ask.view')}
          <select value={view} onChange={(event) => setView(event.currentTarget.value as View | '')}>
            <option value="">{told.header.view ?? words.say('unknown')}</option>
            {VIEWS.map((each) => <option key={each} value={each}>{words.say(`view.${each}`)}</option>)}
          </select>
        </label>
        {bundle.header.input.facts?.names.includes('sex') && (
          <label>
            {words.say('ask.sex')}
            <select value={sex} onChange={(event) => setSex(event.currentTarget.value as Sex | '')}>
              <option value="">{told.header.sex === null ? words.say('unknown') : words.say(`sex.${told.header.sex as Sex}`)}</option>
              {SEXES.map((each) => <option key={each} value={each}>{words.say(`sex.${each}`)}</option>)}
            </select>
          </label>
        )}
        <label>
          {words.say('ask.part')}
          <input
            type="text" maxLength={40} list="parts" value={part} autocomplete="off"
            placeholder={told.header.bodyPart ?? ''}
            onInput={(event) => setPart(event.currentTarget.value)}
          />
          <datalist id="parts">
            {(population?.body_parts ?? []).map((each) => <option key={each} value={each} />)}
          </datalist>
        </label>
        <button type="submit" class="main">{words.say('ask.again')}</button>
        {refused && (
          <p class="insist">
            <button type="button" onClick={() => onSaid({ ...said(), outsidePopulation: true })}>
              {words.say('ask.outside')}
            </button>{' '}
            {words.say('ask.outside.words')}
          </p>
        )}
      </form>
    </details>
  );
}
