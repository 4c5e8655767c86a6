/** The shape of a catalogue, whatever its language: what is missing in one is an error of types. */
export type Words<English> = English extends string
  ? string
  : English extends (...about: infer About) => infer Said
    ? (...about: About) => Words<Said>
    : { [Name in keyof English]: Words<English[Name]> };
