/** What was found: cautions, one sentence, and every finding with its number, bar, threshold and words. */
import type { ComponentChildren } from 'preact';
import type { Bundle, FindingResult, Prediction } from '../types';
import { isOverride } from '../reading/population';
import * as wording from '../words/wording';
import { useWords } from './context';

/** Positions in the bundle's order: above the threshold first, then by how near they come to it. */
export function ordered(findings: FindingResult[]): number[] {
  const ratio = ({ probability, threshold }: FindingResult) => probability / Math.max(threshold, 1e-9);
  return findings
    .map((_, index) => index)
    .sort((a, b) => Number(findings[b].present) - Number(findings[a].present) || ratio(findings[b]) - ratio(findings[a]));
}

interface Props {
  prediction: Prediction;
  bundle: Bundle;
  chosen: number | null;
  hasMaps: boolean;
  onChoose: (index: number) => void;
  /** What may change the answer, before the list. */
  children: ComponentChildren;
}

export function Findings({ prediction, bundle, chosen, hasMaps, onChoose, children }: Props) {
  const words = useWords();
  const { findings } = prediction;
  const isGood = prediction.cautions.length === 0 && prediction.refused === null;
  const looked = words.say('findings.looked', { names: words.list(findings.map(words.finding)) });
  return (
    <section id="findings" aria-labelledby="findings-title" tabIndex={-1}>
      <h2 id="findings-title">{words.say('findings')}</h2>
      <p class={prediction.refused === null ? 'summary' : 'summary refused'}>{wording.summary(words, prediction)}</p>
      {!isGood && <ImageCheck prediction={prediction} />}
      {children}
      {findings.length > 0 && (
        <>
          <p class="quiet roomy">{words.say('findings.order')}</p>
          <ul class="findings">
            {ordered(findings).map((index) => (
              <li key={findings[index].finding}>
                <Finding
                  result={findings[index]}
                  prediction={prediction}
                  bundle={bundle}
                  pressed={chosen === index}
                  enabled={hasMaps}
                  onPress={() => onChoose(index)}
                />
              </li>
            ))}
          </ul>
          {isGood && <ImageCheck prediction={prediction} />}
          <p class="quiet">{looked}</p>
          <p class="quiet">{words.say('findings.refers', { population: bundle.header.population?.words ?? words.say('unknown') })}</p>
          <p class="quiet">{wording.measuredOn(words, bundle.evaluation)}</p>
        </>
      )}
    </section>
  );
}

interface FindingProps {
  result: FindingResult;
  prediction: Prediction;
  bundle: Bundle;
  pressed: boolean;
  enabled: boolean;
  onPress: () => void;
}

function Finding({ result, prediction, bundle, pressed, enabled, onPress }: FindingProps) {
  const words = useWords();
  const { calibrated } = prediction;
  const value = wording.number(words, result.probability, calibrated);
  const threshold = wording.number(words, result.threshold, calibrated);
  return (
    <button
      type="button"
      class={result.present ? 'finding above' : 'finding'}
      aria-pressed={pressed}
      aria-disabled={!enabled}
      onClick={onPress}
    >
      <span class="name">
        <span class="mark" aria-hidden="true">{result.present ? '▲' : '▽'}</span> {words.finding(result)}
      </span>
      <span class="number">
        <bdi>{value}</bdi> <span class="kind">{wording.kindOfNumber(words, calibrated)}</span>
      </span>
      <Bar value={result.probability} threshold={result.threshold} />
      <span class="words">
        {wording.reading(words, result, calibrated)}{' '}
        <span class="whole">({words.say('threshold', { value: threshold })})</span>
      </span>
      <span class="measured">
        {words.say('measured.title')}: <bdi>{wording.measuredFor(words, prediction, bundle.evaluation, result.finding)}</bdi>
      </span>
    </button>
  );
}

/** From 0 to 1 with a tick at the threshold; said in words beside it. */
export function Bar({ value, threshold }: { value: number; threshold: number }) {
  return (
    <svg class="bar" viewBox="-1 0 102 10" preserveAspectRatio="none" aria-hidden="true">
      <rect class="rail" x="0" y="2" width="100" height="6" />
      <rect class="fill" x="0" y="2" width={100 * value} height="6" />
      <rect class="tick" x={100 * threshold - 0.6} y="0" width="1.2" height="10" />
    </svg>
  );
}

function ImageCheck({ prediction }: { prediction: Prediction }) {
  const words = useWords();
  const familiar = wording.familiarity(words, prediction);
  return (
    <section class="check" aria-labelledby="check-title">
      <h3 id="check-title">{words.say('check')}</h3>
      {prediction.cautions.length === 0 && prediction.refused === null && <p>{words.say('check.good')}</p>}
      <ul>
        {prediction.cautions.map((caution) => (
          <li key={caution} class={isOverride(caution) ? 'shout' : 'caution'}>
            {!isOverride(caution) && <strong>{words.say('caution')}: </strong>}
            {words.said(caution)}
          </li>
        ))}
      </ul>
      <p class="quiet">
        {wording.readAs(words, prediction)} {wording.told(words, prediction)} {familiar}
      </p>
    </section>
  );
}
