/** Runs, or a run and what people decided, side by side over the whole library. */
import type { Agreements, Annotation, ComparedPair, Comparison, ImageId, RunId, Side } from "../bindings";
import { asCompared, countInto, pairsOf } from "./compare";
import type { FakeLibrary } from "./library";
import type { FakeRun } from "./runs";

export class FakeComparison {
  readonly #library: FakeLibrary;
  readonly #run: (id: RunId) => FakeRun;

  constructor(library: FakeLibrary, run: (id: RunId) => FakeRun) {
    this.#library = library;
    this.#run = run;
  }

  sides(first: Side, second: Side): Comparison {
    const things: Agreements = { agreed: 0, relabelled: 0, only_first: 0, only_second: 0 };
    const seen = this.#library.ids(null).flatMap((image) => {
      const pairs = this.#pairs(image, first, second);
      return pairs === null ? [] : { image, pairs };
    });
    for (const { pairs } of seen) countInto(things, pairs);
    const differing = seen
      .map(({ image, pairs }) => ({ image, number: pairs.filter(({ agreement }) => agreement !== "agreed").length }))
      .filter(({ number }) => number > 0)
      .sort((one, other) => other.number - one.number || one.image - other.image);
    return { images: seen.length, things, differing: differing.map(({ image }) => image) };
  }

  image(image: ImageId, first: Side, second: Side): ComparedPair[] {
    return structuredClone(this.#pairs(image, first, second) ?? []);
  }

  /** Null where one of the sides has not looked. */
  #pairs(image: ImageId, first: Side, second: Side): ComparedPair[] | null {
    const [one, other] = [first, second].map((side) => this.#annotationsOf(side, image));
    if (!one || !other) return null;
    const today = this.#library.card(image).annotations;
    return pairsOf(asCompared(one, today), asCompared(other, today));
  }

  #annotationsOf(side: Side, image: ImageId): Annotation[] | null {
    if (side.kind === "decided") return this.#library.decidedOn(image);
    return this.#run(side.run).hasAnswered(image) ? this.#library.foundBy(side.run, image) : null;
  }
}
