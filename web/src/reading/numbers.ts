/** Numbers as text exactly as Python writes them, so that both sides say the same sentences. */

/** `f"{value:.{digits}f}"`: halves that are exactly halves go to the even digit. */
export function fixed(value: number, digits: number): string {
  const isTie = Number.isInteger(value * 2 ** (digits + 1)) && Math.abs(value * 2 * 10 ** digits) % 2 === 1;
  if (!isTie) return value.toFixed(digits);
  const whole = Math.floor(value * 10 ** digits);
  return ((whole % 2 === 0 ? whole : whole + 1) / 10 ** digits).toFixed(digits);
}

/** `f"{value:g}"`, for what needs no exponent. */
export function general(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** Two digits however small, never an exponent. */
export function share(value: number): string {
  const rounded = Number(value.toPrecision(2));
  if (rounded === 0) return '0';
  const digits = Math.max(0, 1 - Math.floor(Math.log10(Math.abs(rounded))));
  return rounded.toFixed(Math.min(100, digits)).replace(/\.?0+$/, '');
}
