/** Repairs of many images, by what the findings say of each. */
import { changeFor } from "../../checks/findings.svelte";
import { isApproved } from "../../components/approved";
import { layersShown } from "../../state/layers";
import type { Annotation, BulkEditResult, Check, CheckFinding, ImageCard, ImageQuery, RepairExtent } from "../bindings";
import type { FakeLibrary } from "./library";
import type { FakeQuestions } from "./questions";

interface Found {
  card: ImageCard;
  annotations: { annotation: Annotation; finding: CheckFinding }[];
}

export class FakeRepairs {
  readonly #library: FakeLibrary;
  readonly #questions: FakeQuestions;

  constructor(library: FakeLibrary, questions: FakeQuestions) {
    this.#library = library;
    this.#questions = questions;
  }

  extent(check: Check, query: ImageQuery): RepairExtent {
    const found = this.#found(check, query).filter(({ annotations }) => annotations.length > 0);
    const annotations = found.flatMap(({ annotations }) => annotations.map(({ annotation }) => annotation));
    return {
      images: found.length,
      reviewed: found.filter(({ card }) => card.review !== "unreviewed").length,
      annotations: annotations.length,
      decided: annotations.filter(isApproved).length,
    };
  }

  repair(check: Check, query: ImageQuery, sparesDecided: boolean): BulkEditResult {
    const edits = this.#found(check, query).map(({ card, annotations }) => ({
      image: card.id,
      changes: annotations
        .filter(({ annotation }) => !(sparesDecided && isApproved(annotation)))
        .map(({ annotation, finding }) => changeFor(finding.repair, annotation)),
    }));
    return this.#library.sweep(edits, layersShown(query));
  }

  #found(check: Check, query: ImageQuery): Found[] {
    const layers = layersShown(query);
    return this.#library.cards(this.#questions.imageIds(query)).map((card) => ({
      card,
      annotations: this.#questions.findings(card.id, layers).flatMap((finding) => {
        const annotation = card.annotations.find(({ id }) => id === finding.annotation);
        return finding.check === check && annotation ? [{ annotation, finding }] : [];
      }),
    }));
  }
}
