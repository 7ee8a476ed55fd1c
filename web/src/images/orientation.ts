/** How a camera says that a picture is turned, and turning it upright. */

/** EXIF Orientation (CIPA DC-008, 4.6.5.1.6): 1 = upright, 2 to 8 = mirrored or turned. */
export type Orientation = number;

const ORIENTATION = 0x0112;
const SHORT = 3;

/** The orientation in a TIFF structure, as EXIF is one; null if it has none, or is damaged. */
export function exifOrientation(tiff: Uint8Array): Orientation | null {
  if (tiff.length < 8) return null;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const littleEndian = tiff[0] === 0x49;
  if (view.getUint16(2, littleEndian) !== 42) return null;
  const at = view.getUint32(4, littleEndian);
  if (at + 2 > tiff.length) return null;
  const n = view.getUint16(at, littleEndian);
  for (let entry = at + 2; entry < at + 2 + 12 * n && entry + 12 <= tiff.length; entry += 12) {
    if (view.getUint16(entry, littleEndian) !== ORIENTATION) continue;
    return view.getUint16(entry + 2, littleEndian) === SHORT ? view.getUint16(entry + 8, littleEndian) : null;
  }
  return null;
}

/** The orientation in an XMP packet; null if it has none. */
export function xmpOrientation(packet: Uint8Array): Orientation | null {
  const found = /tiff:Orientation(?:="|>)([0-9])/.exec(new TextDecoder('latin1').decode(packet));
  return found === null ? null : Number(found[1]);
}

export interface Plane {
  readonly pixels: Float32Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

/** The plane turned upright; itself, if it is already or the orientation is none. */
export function upright(plane: Plane, orientation: Orientation): Plane {
  if (!(orientation >= 2 && orientation <= 8)) return plane;
  const isTurned = orientation >= 5;
  const width = isTurned ? plane.height : plane.width;
  const height = isTurned ? plane.width : plane.height;
  const pixels = new Float32Array(plane.pixels.length);
  const { start, across, down } = steps(plane, orientation);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, from = start + y * down; x < width; x++, from += across) pixels[to++] = plane.pixels[from];
  }
  return { pixels, width, height };
}

/** Where in the stored plane the upright one begins, and what a step across and down it is there. */
function steps({ width, height }: Plane, orientation: Orientation): { start: number; across: number; down: number } {
  const right = width - 1;
  const bottom = (height - 1) * width;
  const table: Record<number, readonly [number, number, number]> = {
    2: [right, -1, width],
    3: [bottom + right, -1, -width],
    4: [bottom, 1, -width],
    5: [0, width, 1],
    6: [bottom, -width, 1],
    7: [bottom + right, -width, -1],
    8: [right, width, -1],
  };
  const [start, across, down] = table[orientation];
  return { start, across, down };
}
