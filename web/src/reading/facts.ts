/** What a network is told of a film beside its pixels; the twin of plainfilm/reading/facts.py. */

export const FACTS = ['age', 'sex', 'view'] as const;
export type FactName = (typeof FACTS)[number];

/** Years, "F" or "M", a view; null or missing = not known. */
export type Facts = Partial<Record<FactName, number | string | null>>;

const YEARS = 100;
const WORDS = { sex: ['F', 'M'], view: ['PA', 'AP', 'LATERAL', 'OBLIQUE'] };

/** The columns of each name, one after the other; all 0 where it is not known. */
export function factsVector(names: readonly FactName[], facts: Facts): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    names.flatMap((name) => {
      const fact = facts[name] ?? null;
      if (name !== 'age') return WORDS[name].map((word) => (word === fact ? 1 : 0));
      return typeof fact === 'number' ? [1, fact / YEARS] : [0, 0];
    }),
  );
}
