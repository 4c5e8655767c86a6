/** What has become of the images of a run: answered, failed, reused, carried over. */
import type {
  DropGroup,
  FailedImage,
  FailureGroup,
  FailureKind,
  ImageId,
  JustAnswered,
  LabelCount,
  Recipe,
  RepairGroup,
  RunId,
} from "../../bindings";
import type { FakeLibrary } from "../library";
import { chance, photoOf } from "../photos";

const MOST_JUST_ANSWERED = 12;

/** Another try of these may come out otherwise. */
const WORTH_RETRYING: readonly FailureKind[] = [
  "file_missing",
  "file_unreadable",
  "model_failed",
  "expired",
  "internal_error",
];

/** What had to be put right in answers of a model elsewhere. */
const REPAIRS: readonly RepairGroup[] = [
  { count: 12, example: { kind: "corners_swapped" } },
  { count: 3, example: { kind: "label_renamed", answered: "kitty" } },
];
const DROPPED: DropGroup[] = [
  { count: 2, example: { kind: "unknown_label", answered: "saucer" }, names: ["saucer", "spoon"], more_names: 0 },
];

export class FakeOutcome {
  done = 0;
  failed = 0;
  annotations = 0;
  reused = 0;
  propagated = 0;
  /** Annotations on the images that were carried over to; they are among `annotations`. */
  propagatedAnnotations = 0;
  failures: FailureGroup[] = [];
  justAnswered: JustAnswered[] = [];
  readonly durations: number[] = [];
  readonly answered = new Set<ImageId>();
  readonly #failedAs = new Map<ImageId, { kind: FailureKind; detail: string }>();
  /** Failed images that were tried again: that goes well. */
  readonly #retried = new Set<ImageId>();
  readonly #labels = new Map<string, LabelCount>();
  readonly #run: RunId;
  readonly #library: FakeLibrary;
  readonly #recipe: Recipe;
  readonly #isElsewhere: boolean;

  constructor(run: RunId, library: FakeLibrary, recipe: Recipe, isElsewhere: boolean) {
    this.#run = run;
    this.#library = library;
    this.#recipe = recipe;
    this.#isElsewhere = isElsewhere;
  }

  get finished(): number {
    return this.done + this.failed;
  }

  get retryable(): number {
    return this.failures.reduce((sum, group) => sum + (group.is_worth_retrying ? group.count : 0), 0);
  }

  get failedImages(): FailedImage[] {
    return [...this.#failedAs].map(([image, { kind, detail }]) => ({
      image,
      name: this.#library.card(image).name,
      path: `/photos/${this.#library.card(image).name}`,
      kind,
      message: detail,
      is_worth_retrying: WORTH_RETRYING.includes(kind),
      requests: kind === "file_unreadable" ? 0 : 1,
      paid_dollars: 0,
      possibly_billed_dollars: 0,
    }));
  }

  /** The most frequent first. */
  get labels(): LabelCount[] {
    return [...this.#labels.values()].sort((one, other) => other.count - one.count);
  }

  get repairs(): RepairGroup[] {
    return this.#isElsewhere ? [...REPAIRS] : [];
  }

  get dropped(): DropGroup[] {
    return this.#isElsewhere ? [...DROPPED] : [];
  }

  /** Why an image fails; null when it does not. */
  failureOf(image: ImageId): { kind: FailureKind; detail: string } | null {
    if (this.#retried.has(image)) return null;
    if (chance(image, 40 + this.#run) < 0.03) return { kind: "file_unreadable", detail: "unexpected end of file" };
    if (!this.#isElsewhere || chance(image, 60) <= 0.985) return null;
    return { kind: "declined", detail: "stop_reason: refusal" };
  }

  took(image: ImageId): number {
    const detected = 55 + chance(image, this.#run) * 60 + (chance(image, 5) > 0.95 ? 140 : 0);
    return Math.round(detected * (this.#isElsewhere ? 90 : 1));
  }

  /** `isLive`: before our eyes, so that the library has its annotations from now on. */
  answer(image: ImageId, isLive: boolean): void {
    this.answered.add(image);
    this.#annotation(image, isLive, null);
  }

  reuse(image: ImageId): void {
    this.reused += 1;
    this.answer(image, true);
  }

  carry(image: ImageId, from: ImageId, isLive: boolean): void {
    this.propagated += 1;
    this.#annotation(image, isLive, from);
  }

  fail(image: ImageId, kind: FailureKind, detail: string, isLive: boolean): void {
    this.failed += 1;
    this.#failedAs.set(image, { kind, detail });
    const group = this.failures.find((known) => known.kind === kind);
    if (group) group.count += 1;
    else
      this.failures.push({
        kind,
        count: 1,
        is_worth_retrying: WORTH_RETRYING.includes(kind),
        example: detail,
        example_image: this.#library.card(image).name,
      });
    if (isLive) this.#library.fail(image, { run: this.#run, kind, detail });
  }

  /** Images that are to be asked about once more. */
  retry(): ImageId[] {
    const again = [...this.#failedAs].flatMap(([image, { kind }]) => (WORTH_RETRYING.includes(kind) ? [image] : []));
    for (const image of again) {
      this.#failedAs.delete(image);
      this.#retried.add(image);
    }
    this.failed -= again.length;
    this.failures = this.failures.filter(({ is_worth_retrying }) => !is_worth_retrying);
    return again;
  }

  #annotation(image: ImageId, isLive: boolean, propagatedFrom: ImageId | null): void {
    this.done += 1;
    const { labels } = this.#recipe;
    const found = isLive
      ? this.#library.propose(
          image,
          this.#run,
          labels.map(({ name, color }) => ({ label: name, color })),
          propagatedFrom,
        )
      : photoOf(image).annotations.length;
    this.annotations += found;
    if (propagatedFrom !== null) this.propagatedAnnotations += found;
    for (const annotation of photoOf(image).annotations) {
      const label = labels.find(({ name }) => name === annotation.label);
      if (!label) continue;
      const known = this.#labels.get(label.name);
      if (known) known.count += 1;
      else this.#labels.set(label.name, { name: label.name, color: label.color, count: 1 });
    }
    const answered = { image, annotation_count: found, took_millis: this.took(image) };
    this.justAnswered = [answered, ...this.justAnswered].slice(0, MOST_JUST_ANSWERED);
  }
}
