/** Dark or light: as the person chose, else as the device, also when the device changes. */
import { useLayoutEffect } from 'preact/hooks';
import type { Choices } from './dialogs';

export function useTheme(chosen: Choices['theme']): void {
  useLayoutEffect(() => {
    const light = matchMedia('(prefers-color-scheme: light)');
    const show = () => {
      document.documentElement.dataset.theme = chosen === 'system' ? (light.matches ? 'light' : 'dark') : chosen;
    };
    show();
    light.addEventListener('change', show);
    return () => light.removeEventListener('change', show);
  }, [chosen]);
}
