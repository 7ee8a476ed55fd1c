/** Something that went wrong, by the key of the message that says what to do. */
export class Problem extends Error {
  constructor(
    readonly key: string,
    readonly params: Record<string, string | number> = {},
    options?: ErrorOptions,
  ) {
    super(key, options);
    this.name = 'Problem';
  }
}

export function problem(key: string, params: Record<string, string | number>, cause?: unknown): Problem {
  return new Problem(key, params, { cause });
}
