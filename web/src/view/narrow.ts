/** Whether the screen has room for every tool at once; what a small one lacks waits behind a press. */
import { useEffect, useState } from 'preact/hooks';

const NARROW = '(max-width: 48rem), (max-height: 30rem)'; // page.css says the same

export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const query = matchMedia(NARROW);
    const change = () => setNarrow(query.matches);
    query.addEventListener('change', change);
    return () => query.removeEventListener('change', change);
  }, []);
  return narrow;
}
