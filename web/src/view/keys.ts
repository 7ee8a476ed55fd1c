/** Single-key shortcuts; they can be switched off (WCAG 2.1.4) and never catch typing. */
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

export type Shortcuts = Record<string, () => void>;

const TYPING = 'input:not([type=file]), select, textarea, dialog[open]';

export function useShortcuts(enabled: boolean, shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  // At once: two quick presses must not both start from what there was before the first.
  useLayoutEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    if (!enabled) return undefined;
    const hear = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest(TYPING)) return;
      if (document.querySelector('dialog[open]')) return;
      const act = latest.current[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', hear);
    return () => document.removeEventListener('keydown', hear);
  }, [enabled]);
}
