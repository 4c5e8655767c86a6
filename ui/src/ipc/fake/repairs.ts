/** Repairs of many images, by what the findings say of each. */
import { changeFor } from "../../checks/findings.svelte";
import { isApproved } from "../../kit/approved";
import { layersShown } from "../../state/layers";
import type { Annotation, BulkEditResult, Check, CheckFinding, ImageCard, ImageQuery, RepairExtent } from "../bindings";
import type { FakeLibrary } from "./library";
import type { FakeQuestions } from "./questions";

interface Found {
  card: ImageCard;
  marks: { mark: Annotation; finding: CheckFinding }[];
}

export class FakeRepairs {
  readonly #library: FakeLibrary;
  readonly #questions: FakeQuestions;

  constructor(library: FakeLibrary, questions: FakeQuestions) {
    this.#library = library;
    this.#questions = questions;
  }

  extent(check: Check, query: ImageQuery): RepairExtent {
    const found = this.#found(check, query).filter(({ marks }) => marks.length > 0);
    const marks = found.flatMap(({ marks }) => marks.map(({ mark }) => mark));
    return {
      images: found.length,
      reviewed: found.filter(({ card }) => card.review !== "unreviewed").length,
      annotations: marks.length,
      decided: marks.filter(isApproved).length,
    };
  }

  repair(check: Check, query: ImageQuery, sparesDecided: boolean): BulkEditResult {
    const edits = this.#found(check, query).map(({ card, marks }) => ({
      image: card.id,
      changes: marks
        .filter(({ mark }) => !(sparesDecided && isApproved(mark)))
        .map(({ mark, finding }) => changeFor(finding.repair, mark)),
    }));
    return this.#library.sweep(edits, layersShown(query));
  }

  #found(check: Check, query: ImageQuery): Found[] {
    const layers = layersShown(query);
    return this.#library.cards(this.#questions.imageIds(query)).map((card) => ({
      card,
      marks: this.#questions.findings(card.id, layers).flatMap((finding) => {
        const mark = card.marks.find(({ id }) => id === finding.annotation);
        return finding.check === check && mark ? [{ mark, finding }] : [];
      }),
    }));
  }
}
