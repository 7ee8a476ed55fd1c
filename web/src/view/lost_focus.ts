/** Keeps the keyboard's place when what held it goes: a film replaces the button that opened it. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { OpenFilm } from '../session';

const PLACES = ['#findings', '.look-first button', '.side .problem button', '#open', '#open-here'];

/** Focus that nothing has when a film was answered or the last one closed goes to what came instead. */
export function useLostFocus(film: OpenFilm | null): void {
  const hadFilm = useRef(false);
  // At once: what runs after the next frame may find the film answered, and its findings not yet drawn.
  useLayoutEffect(() => {
    hadFilm.current ||= film !== null;
    if (!hadFilm.current || (film !== null && film.status !== 'read' && film.status !== 'failed')) return;
    for (const place of PLACES) {
      if (document.activeElement !== document.body) return;
      document.querySelector<HTMLElement>(place)?.focus({ preventScroll: true });
    }
  }, [film?.id, film?.status]);
}
