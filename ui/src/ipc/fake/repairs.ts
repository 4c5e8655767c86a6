/** Repairs of many images, by the rules that review repairs one mark by. */
import { repairChange } from "../../checks/repair";
import { isApproved } from "../../kit/approved";
import type { Annotation, Check, ImageCard, ImageQuery, Mistake, RepairExtent, Swept } from "../bindings";
import { layersShown } from "../../state/layers";
import type { FakeLibrary } from "./library";
import type { FakeQuestions } from "./questions";

interface Mistaken {
  card: ImageCard;
  marks: { mark: Annotation; mistake: Mistake }[];
}

export class FakeRepairs {
  readonly #library: FakeLibrary;
  readonly #questions: FakeQuestions;

  constructor(library: FakeLibrary, questions: FakeQuestions) {
    this.#library = library;
    this.#questions = questions;
  }

  extent(check: Check, query: ImageQuery): RepairExtent {
    const mistaken = this.#mistaken(check, query).filter(({ marks }) => marks.length > 0);
    const marks = mistaken.flatMap(({ marks }) => marks.map(({ mark }) => mark));
    return {
      images: mistaken.length,
      reviewed: mistaken.filter(({ card }) => card.review !== "unreviewed").length,
      marks: marks.length,
      decided: marks.filter(isApproved).length,
    };
  }

  repair(check: Check, query: ImageQuery, sparesDecided: boolean): Swept {
    const edits = this.#mistaken(check, query).map(({ card, marks }) => ({
      image: card.id,
      changes: marks
        .filter(({ mark }) => !(sparesDecided && isApproved(mark)))
        .map(({ mark, mistake }) => repairChange(mistake, mark, card.size)),
    }));
    return this.#library.sweep(edits, layersShown(query));
  }

  #mistaken(check: Check, query: ImageQuery): Mistaken[] {
    const layers = layersShown(query);
    return this.#library.cards(this.#questions.imageIds(query)).map((card) => ({
      card,
      marks: this.#questions.mistakes(card.id, layers).flatMap((mistake) => {
        const mark = card.marks.find(({ id }) => id === mistake.mark);
        return mistake.check === check && mark ? [{ mark, mistake }] : [];
      }),
    }));
  }
}
