/** The type of a catalogue in any language: a missing message is a type error. */
export type Translation<English> = English extends string
  ? string
  : English extends (...args: infer Args) => infer Result
    ? (...args: Args) => Translation<Result>
    : { [Name in keyof English]: Translation<English[Name]> };
