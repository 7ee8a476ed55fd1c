/** A film as the screen shows it: thinned to what a screen can hold, windowed, perhaps inverted. */
import { heatColours, heatmap } from '../reading/heatmap';
import type { Bundle, Maps, Radiograph } from '../types';

export interface Tone {
  /** Middle and width of the shown greys, as shares of black to white. */
  level: number;
  width: number;
  inverted: boolean;
}

export const NEUTRAL: Tone = { level: 0.5, width: 1, inverted: false };

const LONGEST = 2560; // pixels on the screen's copy; the engine sees every one
const HEAT_LONGEST = 512; // heat is smooth

export interface Grey {
  width: number;
  height: number;
  /** 0 to 1023. */
  steps: Uint16Array;
}

/** The screen's copy of a film: every n-th part of it averaged. */
export function greyOf({ pixels, width, height }: Radiograph): Grey {
  const by = Math.max(1, Math.ceil(Math.max(width, height) / LONGEST));
  const [across, down] = [Math.ceil(width / by), Math.ceil(height / by)];
  const steps = new Uint16Array(across * down);
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      let sum = 0;
      let count = 0;
      for (let dy = y * by; dy < Math.min(height, (y + 1) * by); dy++) {
        for (let dx = x * by; dx < Math.min(width, (x + 1) * by); dx++, count++) sum += pixels[dy * width + dx];
      }
      steps[y * across + x] = Math.round((1023 * sum) / count);
    }
  }
  return { width: across, height: down, steps };
}

/** The grey (0 to 255) of each step. */
export function toneCurve({ level, width, inverted }: Tone): Uint8ClampedArray {
  return Uint8ClampedArray.from({ length: 1024 }, (_, step) => {
    const shown = Math.min(1, Math.max(0, (step / 1023 - level) / width + 0.5));
    return Math.round(255 * (inverted ? 1 - shown : shown));
  });
}

export function filmCanvas(grey: Grey, tone: Tone): HTMLCanvasElement {
  const curve = toneCurve(tone);
  const painted = new Uint8ClampedArray(4 * grey.steps.length);
  for (let i = 0; i < grey.steps.length; i++) {
    const value = curve[grey.steps[i]];
    painted[4 * i] = painted[4 * i + 1] = painted[4 * i + 2] = value;
    painted[4 * i + 3] = 255;
  }
  return canvasOf(painted, grey.width, grey.height);
}

export interface Heat {
  canvas: HTMLCanvasElement;
  /** Whether any of it can be seen. */
  visible: boolean;
}

/** One finding's heat in the film's shape, at full opacity; null where the bundle has no maps. */
export function heatOf(film: Radiograph, maps: Maps | null, index: number, bundle: Bundle): Heat | null {
  const { map, input } = bundle.header;
  if (maps === null || map === null || !maps.values[index]) return null;
  const scale = Math.min(1, HEAT_LONGEST / Math.max(film.width, film.height));
  const shape = {
    width: Math.max(1, Math.round(film.width * scale)),
    height: Math.max(1, Math.round(film.height * scale)),
  };
  const grid = { values: maps.values[index], height: maps.height, width: maps.width };
  const colours = heatColours(heatmap(grid, shape, input.policy), map.display_max, 1);
  const visible = colours.some((value, at) => at % 4 === 3 && value > 12);
  return { canvas: canvasOf(colours, shape.width, shape.height), visible };
}

function canvasOf(painted: Uint8ClampedArray<ArrayBuffer>, width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  canvas.getContext('2d')!.putImageData(new ImageData(painted, width, height), 0, 0);
  return canvas;
}

/** Film and heat as a PNG in a text, at most `longest` pixels long: for reports. */
export function pictureUrl(film: HTMLCanvasElement, heat: HTMLCanvasElement | null, longest: number): string {
  const scale = Math.min(1, longest / Math.max(film.width, film.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(film.width * scale);
  canvas.height = Math.round(film.height * scale);
  const brush = canvas.getContext('2d')!;
  brush.imageSmoothingQuality = 'high';
  brush.drawImage(film, 0, 0, canvas.width, canvas.height);
  brush.globalAlpha = 0.6;
  if (heat !== null) brush.drawImage(heat, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/png');
}
