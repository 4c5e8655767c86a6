/** Audits of the core in memory: proposals above a threshold, a sample of them, and what was found in it. */
import type {
  Annotation,
  AnnotationId,
  Audit,
  AuditId,
  AuditRequest,
  ImageEdit,
  ImageId,
  LabelConfidences,
  LayerScope,
  SampleVerdict,
} from "../bindings";
import { layersShown } from "../../state/layers";
import type { FakeLibrary } from "./library";
import { findingOf, moreFor } from "./bound";
import { chance } from "./photos";
import { refuse } from "./refuse";
import { isShown } from "./layers";

interface Drawn {
  image: ImageId;
  annotation: AnnotationId;
}

interface KeptAudit extends Omit<Audit, "sample" | "reserve" | "error_rate" | "needed_more" | "accepted"> {
  population: readonly Drawn[];
  /** In the random order; the sample is its beginning. */
  drawn: readonly Drawn[];
  size: number;
  /** Accepted unseen; that may have been taken back. */
  unseen: readonly Drawn[];
}

const HUNDREDTHS = 100;
const SALT = 5_000;

export class FakeAudits {
  readonly #library: FakeLibrary;
  readonly #audits: KeptAudit[] = [];

  constructor(library: FakeLibrary) {
    this.#library = library;
  }

  confidences(images: readonly ImageId[], layers: LayerScope): LabelConfidences[] {
    const labels = new Map<string, LabelConfidences>();
    for (const { annotation } of this.#proposals(images, layers)) {
      const { label, color, confidence } = annotation;
      const known = labels.get(label) ?? { label, color, hundredths: Array<number>(HUNDREDTHS).fill(0), unstated: 0 };
      labels.set(label, known);
      if (confidence === null) known.unstated += 1;
      else {
        const place = Math.min(HUNDREDTHS - 1, Math.floor(confidence * HUNDREDTHS));
        known.hundredths[place] = (known.hundredths[place] ?? 0) + 1;
      }
    }
    const sizeOf = ({ hundredths, unstated }: LabelConfidences) =>
      hundredths.reduce((sum, count) => sum + count, unstated);
    return [...labels.values()].sort((one, other) => sizeOf(other) - sizeOf(one));
  }

  begin(
    { query, label, threshold, sample, error_limit }: AuditRequest,
    images: readonly ImageId[],
    now: number,
  ): Audit {
    const layers = layersShown(query);
    const found = this.#proposals(images, layers).filter(
      ({ annotation }) =>
        annotation.label === label && annotation.confidence !== null && annotation.confidence >= threshold,
    );
    const [first] = found;
    if (!first) return refuse("library");
    const id = this.#audits.length + 1;
    const population = found.map(({ image, annotation }): Drawn => ({ image, annotation: annotation.id }));
    const drawn = [...population].sort(
      (one, other) => chance(one.annotation, SALT + id) - chance(other.annotation, SALT + id),
    );
    const proposals = population.length;
    const { color } = first.annotation;
    const size = Math.min(sample, proposals);
    const about = { id, label, color, threshold, error_limit, layers, drawn_at: now, proposals };
    this.#audits.push({ ...about, population, drawn, size, unseen: [] });
    return this.get(id);
  }

  extend(id: AuditId, more: number): Audit {
    const kept = this.#kept(id);
    kept.size = Math.min(kept.drawn.length, kept.size + more);
    return this.get(id);
  }

  get(id: AuditId): Audit {
    const kept = this.#kept(id);
    const { population: _population, drawn, size, unseen, ...told } = kept;
    const accepted = unseen.filter((each) => this.#annotationOf(each)?.status === "accepted").length;
    const sample = drawn.slice(0, size).map((each) => ({ ...each, verdict: verdictOf(this.#annotationOf(each)) }));
    const rate = findingOf(sample);
    return {
      ...told,
      sample,
      reserve: drawn.length - size,
      error_rate: rate,
      needed_more: rate && moreFor(rate, told.error_limit),
      accepted: accepted > 0 ? accepted : null,
    };
  }

  /** The newest first. */
  all(): Audit[] {
    return this.#audits.map(({ id }) => this.get(id)).reverse();
  }

  accept(id: AuditId): Audit {
    const kept = this.#kept(id);
    const open = kept.population.filter((each) => this.#annotationOf(each)?.status === "proposed");
    const edits = new Map<ImageId, ImageEdit>();
    for (const { image, annotation } of open) {
      const edit = edits.get(image) ?? { image, changes: [] };
      edits.set(image, edit);
      edit.changes.push({ kind: "decide", id: annotation, verdict: { kind: "accept" } });
    }
    this.#library.sweep([...edits.values()], kept.layers);
    kept.unseen = open;
    return this.get(id);
  }

  #kept(id: AuditId): KeptAudit {
    return this.#audits.find((each) => each.id === id) ?? refuse("library");
  }

  #annotationOf({ image, annotation }: Drawn): Annotation | undefined {
    return this.#library.card(image).annotations.find(({ id }) => id === annotation);
  }

  #proposals(images: readonly ImageId[], layers: LayerScope): { image: ImageId; annotation: Annotation }[] {
    return this.#library
      .cards([...images])
      .flatMap((card) =>
        card.annotations
          .filter((annotation) => annotation.status === "proposed" && isShown(layers, annotation))
          .map((annotation) => ({ image: card.id, annotation })),
      );
  }
}

function verdictOf(annotation: Annotation | undefined): SampleVerdict | null {
  switch (annotation?.status) {
    case "accepted":
      return "right";
    case "edited":
    case "rejected":
      return "wrong";
    default:
      return null;
  }
}
