/** The film on black: zoom, pan, brightness, heat. Never mirrored, whatever the language. */
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Radiograph } from '../types';
import { filmCanvas, greyOf, type Heat, type Tone } from './film_picture';

/** How the film lies in its frame: 1 = fitted; the shift is in shares of the frame. */
export interface Place {
  zoom: number;
  x: number;
  y: number;
}

export const FITTED: Place = { zoom: 1, x: 0, y: 0 };
const MOST_ZOOM = 16;

export function zoomed(place: Place, by: number): Place {
  const zoom = Math.min(MOST_ZOOM, Math.max(1, place.zoom * by));
  return bounded({ zoom, x: (place.x * zoom) / place.zoom, y: (place.y * zoom) / place.zoom });
}

export function moved(place: Place, x: number, y: number): Place {
  return bounded({ ...place, x: place.x + x, y: place.y + y });
}

function bounded({ zoom, x, y }: Place): Place {
  const most = (zoom - 1) / 2 + (zoom > 1 ? 0.25 : 0);
  return { zoom, x: Math.min(most, Math.max(-most, x)), y: Math.min(most, Math.max(-most, y)) };
}

interface Props {
  film: Radiograph;
  heat: Heat | null;
  opacity: number;
  tone: Tone;
  place: Place;
  words: string;
  windowing: boolean;
  onPlace: (place: Place) => void;
  onTone: (tone: Tone) => void;
}

export function FilmView({ film, heat, opacity, tone, place, words, windowing, onPlace, onTone }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(canvas);
  const grey = useMemo(() => greyOf(film), [film]);
  const picture = useMemo(() => filmCanvas(grey, tone), [grey, tone]);

  // Before the browser paints: no answer ever stands beside an empty frame.
  useLayoutEffect(() => {
    if (canvas.current === null || size.width === 0) return;
    draw(canvas.current, size, picture, heat, opacity, place);
  }, [size, picture, heat, opacity, place]);

  const touch = useDrag((x, y, pinch) => {
    if (pinch !== 1) onPlace(zoomed(place, pinch));
    else if (windowing) onTone({ ...tone, level: tone.level + y / 2, width: Math.max(0.05, tone.width + x / 2) });
    else onPlace(moved(place, x, y));
  });

  return (
    <canvas
      ref={canvas}
      class={place.zoom === 1 && !windowing ? 'film still' : 'film'}
      role="img"
      aria-label={words}
      dir="ltr"
      onWheel={(event) => {
        event.preventDefault();
        onPlace(zoomed(place, event.deltaY < 0 ? 1.15 : 1 / 1.15));
      }}
      {...touch}
    />
  );
}

interface Size {
  width: number;
  height: number;
}

function draw(
  canvas: HTMLCanvasElement,
  size: Size,
  film: HTMLCanvasElement,
  heat: Heat | null,
  opacity: number,
  place: Place,
): void {
  const dots = window.devicePixelRatio || 1;
  canvas.width = Math.round(size.width * dots);
  canvas.height = Math.round(size.height * dots);
  const brush = canvas.getContext('2d')!;
  const scale = Math.min(canvas.width / film.width, canvas.height / film.height) * place.zoom;
  const [width, height] = [film.width * scale, film.height * scale];
  const left = (canvas.width - width) / 2 + place.x * canvas.width;
  const top = (canvas.height - height) / 2 + place.y * canvas.height;
  brush.imageSmoothingQuality = 'high';
  brush.drawImage(film, left, top, width, height);
  if (heat === null) return;
  brush.globalAlpha = opacity;
  brush.drawImage(heat.canvas, left, top, width, height);
}

function useSize(element: { current: HTMLElement | null }): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = element.current!;
      setSize((last) => (last.width === width && last.height === height ? last : { width, height }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  return size;
}

/** Moves in shares of the frame, and how much two fingers spread; every drag has buttons beside it. */
function useDrag(onMove: (x: number, y: number, pinch: number) => void) {
  const points = useRef(new Map<number, { x: number; y: number }>());
  const distance = () => {
    const [one, two] = points.current.values();
    return two ? Math.hypot(one.x - two.x, one.y - two.y) : 0;
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      points.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    },
    onPointerMove: (event: PointerEvent) => {
      const last = points.current.get(event.pointerId);
      if (last === undefined) return;
      const frame = (event.currentTarget as HTMLElement).getBoundingClientRect();
      const before = distance();
      points.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      const pinch = before > 0 ? distance() / before : 1;
      onMove((event.clientX - last.x) / frame.width, (event.clientY - last.y) / frame.height, pinch);
    },
    onPointerUp: (event: PointerEvent) => void points.current.delete(event.pointerId),
    onPointerCancel: (event: PointerEvent) => void points.current.delete(event.pointerId),
  };
}
