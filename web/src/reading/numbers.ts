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

const MOST_DIGITS = 17;

/** Both as text, with two digits, or as many more as the smaller one needs to read as smaller. */
export function apart(value: number, cut: number): [string, string] {
  for (let digits = 2; digits < MOST_DIGITS; digits += 1) {
    const texts: [string, string] = [positional(value, digits), positional(cut, digits)];
    if (texts[0] !== texts[1]) return texts;
  }
  return [positional(value, MOST_DIGITS), positional(cut, MOST_DIGITS)];
}

/** So many digits however small the number, never an exponent. */
function positional(value: number, precision: number): string {
  const rounded = Number(value.toPrecision(precision));
  if (rounded === 0) return '0';
  const digits = Math.max(0, precision - 1 - Math.floor(Math.log10(Math.abs(rounded))));
  return rounded.toFixed(Math.min(100, digits)).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}
