/** The type of a catalogue in any language: a missing message is a type error. */
export type Words<English> = English extends string
  ? string
  : English extends (...args: infer Args) => infer Result
    ? (...args: Args) => Words<Result>
    : { [Name in keyof English]: Words<English[Name]> };
