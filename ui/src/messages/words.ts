/** The type of a catalogue in any language: a missing message is a type error. */
export type Words<English> = English extends string
  ? string
  : English extends (...about: infer About) => infer Said
    ? (...about: About) => Words<Said>
    : { [Name in keyof English]: Words<English[Name]> };
