/** The film with its tools: everything a drag does, a button or slider does too. */
import { useMemo, useState } from 'preact/hooks';
import type { OpenFilm } from '../session';
import type { Bundle } from '../types';
import { useWords } from './context';
import { heatOf, type Tone, NEUTRAL } from './film_picture';
import { FITTED, FilmView, zoomed, type Place } from './film_view';
import { useNarrow } from './narrow';

export interface Look {
  tone: Tone;
  place: Place;
  heat: boolean;
  opacity: number;
  side: boolean;
  windowing: boolean;
}

export const FIRST_LOOK: Look = { tone: NEUTRAL, place: FITTED, heat: true, opacity: 0.6, side: false, windowing: false };

interface Props {
  film: OpenFilm;
  bundle: Bundle;
  chosen: number | null;
  look: Look;
  onLook: (change: Partial<Look>) => void;
}

export function FilmPanel({ film, bundle, chosen, look, onLook }: Props) {
  const words = useWords();
  const { radiograph, answer } = film;
  const heat = useMemo(
    () => (radiograph === null || chosen === null ? null : heatOf(radiograph, answer?.maps ?? null, chosen, bundle)),
    [radiograph, answer, chosen, bundle],
  );
  if (radiograph === null) return film.problem === null ? <div class="frame" /> : null;
  const { name, width, height } = radiograph;
  const shownResult = chosen === null ? undefined : answer?.prediction.findings[chosen];
  const finding = shownResult === undefined ? '' : words.finding(shownResult);
  const alone = words.say('film', { name, width, height });
  const shared = {
    film: radiograph,
    tone: look.tone,
    place: look.place,
    opacity: look.opacity,
    windowing: look.windowing,
    onPlace: (place: Place) => onLook({ place }),
    onTone: (tone: Tone) => onLook({ tone }),
  };
  const laid = look.heat && heat !== null;
  return (
    <section class="viewer" aria-label={alone}>
      <div class="frame" dir="ltr">
        {(look.side || !laid) && <FilmView {...shared} heat={null} words={alone} />}
        {laid && <FilmView {...shared} heat={heat} words={words.say('film.heat', { name, finding })} />}
      </div>
      <Tools look={look} hasHeat={heat !== null} onLook={onLook} />
      <p class="legend" hidden={!laid}>
        <span class="scale" aria-hidden="true" /> {finding}{heat !== null && !heat.visible && <strong>: {words.say('heat.none')}</strong>}.{' '}
        {words.say('heat')}. <span class="roomy">{words.say('heat.scale')}.</span>
      </p>
      <p class="film-name"><bdi>{name}</bdi> · <bdi>{width} × {height}</bdi></p>
    </section>
  );
}

interface ToolsProps {
  look: Look;
  hasHeat: boolean;
  onLook: (change: Partial<Look>) => void;
}

function Tools({ look, hasHeat, onLook }: ToolsProps) {
  const { say } = useWords();
  const { tone, place } = look;
  const narrow = useNarrow();
  const [more, setMore] = useState(false);
  const press = (label: string, on: boolean, change: Partial<Look>, disabled = false) => (
    <button type="button" aria-pressed={on} disabled={disabled} onClick={() => onLook(change)}>{label}</button>
  );
  const rest = (
    <>
      {press(say('tool.side'), look.side, { side: !look.side }, !hasHeat)}
      {press(say('tool.window'), look.windowing, { windowing: !look.windowing })}
      <button type="button" onClick={() => onLook({ place: FITTED, tone: NEUTRAL })}>{say('tool.reset')}</button>
      <Slider label={say('tool.opacity')} value={look.opacity} low={0} high={1} onValue={(opacity) => onLook({ opacity })} />
      <Slider label={say('tool.level')} value={1 - tone.level} low={0} high={1}
        onValue={(value) => onLook({ tone: { ...tone, level: 1 - value } })} />
      <Slider label={say('tool.width')} value={-Math.log2(tone.width) / 2} low={-1} high={1}
        onValue={(value) => onLook({ tone: { ...tone, width: 2 ** (-2 * value) } })} />
    </>
  );
  return (
    <div class="tools" role="group" aria-label={say('tools')}>
      {press(say('tool.invert'), tone.inverted, { tone: { ...tone, inverted: !tone.inverted } })}
      {press(say('tool.heat'), look.heat && hasHeat, { heat: !look.heat }, !hasHeat)}
      <button type="button" aria-label={say('tool.zoom-in')} onClick={() => onLook({ place: zoomed(place, 1.25) })}>+</button>
      <button type="button" aria-label={say('tool.zoom-out')} onClick={() => onLook({ place: zoomed(place, 0.8) })}>−</button>
      {narrow && <button type="button" aria-label={say('more')} aria-expanded={more} onClick={() => setMore(!more)}>⋯</button>}
      {(more || !narrow) && rest}
    </div>
  );
}

interface SliderProps {
  label: string;
  value: number;
  low: number;
  high: number;
  onValue: (value: number) => void;
}

function Slider({ label, value, low, high, onValue }: SliderProps) {
  return (
    <label class="slider">
      <span>{label}</span>
      <input
        type="range" min={low} max={high} step="0.01" value={value}
        onInput={(event) => onValue(Number(event.currentTarget.value))}
      />
    </label>
  );
}
