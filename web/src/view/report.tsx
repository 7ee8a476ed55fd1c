/** The report of one film: shown on paper only, and the source of the saved HTML. */
import { useMemo } from 'preact/hooks';
import type { OpenFilm } from '../session';
import type { Bundle, FindingResult } from '../types';
import * as wording from '../words/wording';
import type { Words } from '../words';
import { useWords } from './context';
import { filmCanvas, greyOf, heatOf, NEUTRAL, pictureUrl } from './film_picture';
import { ordered } from './findings';

const LONGEST = 1024; // pixels of a picture in the report
const MOST_MAPS = 4;

interface Props {
  film: OpenFilm;
  bundle: Bundle;
}

export function Report({ film, bundle }: Props) {
  const words = useWords();
  const { radiograph, answer } = film;
  const pictures = useMemo(() => picturesOf(film, bundle), [radiograph, answer, bundle]);
  if (radiograph === null || answer === null) return null;
  const { say } = words;
  const { prediction } = answer;
  const { header } = bundle;
  return (
    <article class="report" lang={words.language.code} dir={words.language.dir}>
      <h1>{say('report.title')}: <bdi>{prediction.name}</bdi></h1>
      <p class="device">{say('device')} {say('assists')} {say('reviewed')}</p>
      {words.language.code !== 'en' && <p>{say('draft')}</p>}
      <p class={prediction.refused === null ? 'summary' : 'summary refused'}>{wording.summary(words, prediction)}</p>
      <ul class="cautions">
        {prediction.cautions.map((caution) => <li key={caution}>{words.said(caution)}</li>)}
      </ul>
      <div class="pictures">
        {pictures.map(({ url, finding }) => (
          <figure key={finding?.finding ?? ''}>
            <img src={url} alt={finding ? say('film.heat', { name: prediction.name, finding: words.finding(finding) }) : say('report.original')} />
            <figcaption>{finding ? `${words.finding(finding)}: ${wording.verdict(words, finding)}` : say('report.original')}</figcaption>
          </figure>
        ))}
      </div>
      {pictures.length > 1 && <p>{say('heat')}. {say('heat.scale')}.</p>}
      {prediction.findings.length > 0 && <Table film={film} bundle={bundle} />}
      <section class="confirm">
        <h2>{say('report.confirm')}</h2>
        <p>☐ {say('report.agree')} &nbsp; ☐ {say('report.disagree')} &nbsp; {say('report.correct')}: <span class="blank" /></p>
        <p>{say('report.sign')}: <span class="blank" /></p>
      </section>
      <h2>{say('about')}</h2>
      <dl>
        {facts(words, bundle).map(([term, value]) => [<dt>{term}</dt>, <dd><bdi>{value}</bdi></dd>])}
      </dl>
      <h3>{say('report.limits')}</h3>
      <ul lang="en" dir="ltr">{header.limits.map((limit) => <li key={limit}>{limit}</li>)}</ul>
    </article>
  );
}

function Table({ film, bundle }: Props) {
  const words = useWords();
  const { say } = words;
  const { prediction } = film.answer!;
  const { calibrated } = prediction;
  const heads = ['report.finding', calibrated ? 'number.probability' : 'number.score', 'report.threshold', 'report.words', 'measured.title'] as const;
  return (
    <table>
      <caption>
        {wording.readAs(words, prediction)} {wording.told(words, prediction)} {wording.familiarity(words, prediction)} {wording.measuredOn(words, bundle.evaluation)}
      </caption>
      <thead><tr>{heads.map((head) => <th key={head} scope="col">{say(head)}</th>)}</tr></thead>
      <tbody>
        {prediction.findings.map((result) => (
          <tr key={result.finding} class={result.present ? 'above' : ''}>
            <th scope="row">{words.finding(result)}</th>
            <td><bdi>{wording.number(words, result.probability, calibrated)}</bdi></td>
            <td><bdi>{wording.number(words, result.threshold, calibrated)}</bdi></td>
            <td>{wording.reading(words, result, calibrated)}</td>
            <td><bdi>{wording.measuredFor(words, prediction, bundle.evaluation, result.finding)}</bdi></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function facts(words: Words, { header, sha256 }: Bundle): [string, string][] {
  const { say } = words;
  return [
    [say('report.bundle'), `${header.name} ${header.version}`],
    [say('report.hash'), sha256],
    [say('report.date'), new Date().toISOString().slice(0, 16).replace('T', ' ') + ' UTC'],
    [say('report.use'), header.intended_use],
    [say('report.population'), header.population?.words ?? say('unknown')],
    [say('report.threshold'), header.threshold_rule],
  ];
}

interface Shown {
  url: string;
  finding: FindingResult | null;
}

function picturesOf({ radiograph, answer }: OpenFilm, bundle: Bundle): Shown[] {
  if (radiograph === null || answer === null) return [];
  const canvas = filmCanvas(greyOf(radiograph), NEUTRAL);
  const { findings } = answer.prediction;
  const above = ordered(findings).filter((index) => findings[index].present);
  const shown = (above.length > 0 ? above : ordered(findings).slice(0, 1)).slice(0, MOST_MAPS);
  const heats = shown.map((index) => ({ finding: findings[index], heat: heatOf(radiograph, answer.maps, index, bundle) }));
  const visible = heats.filter(({ heat }) => heat?.visible);
  return [
    { url: pictureUrl(canvas, null, LONGEST), finding: null },
    ...visible.map(({ finding, heat }) => ({ url: pictureUrl(canvas, heat!.canvas, LONGEST), finding })),
  ];
}
