/**
 * Images, annotations and decisions of the core in memory. Cards are made when they are asked for, from their number alone,
 * so that 100,000 images cost nothing; only what has changed is kept.
 */
import type {
  Annotation,
  AnnotationId,
  Collection,
  CollectionId,
  Decision,
  ImageCard,
  ImageCounts,
  ImageEdit,
  ImageId,
  ImageSelection,
  LabelCount,
  LayerScope,
  LibraryOverview,
  RunId,
  SkippedFile,
  Status,
  Step,
  BulkEditResult,
} from "../bindings";
import { isApproved } from "../../kit/approved";
import { ALL_LAYERS } from "../../state/layers";
import { changedAnnotations, withVerdict } from "./edits";
import { foundEarliest, annotationAt, ANNOTATIONS_AN_IMAGE } from "./findings";
import { type Habits, habitsOf } from "./checks";
import { chance, photoOf } from "./photos";
import { COCO_NAMES } from "./recipes";
import { refuse } from "./refuse";
import { withSeededMistakes } from "./seeded";
import { takenOf } from "./taken";
import { cardIn, isShown } from "./layers";

interface Folder {
  id: CollectionId;
  name: string;
  first: ImageId;
  last: ImageId;
  /** Whether its images come with annotations of earlier runs. */
  isAnnotated: boolean;
  skipped: SkippedFile[];
  isRemoved: boolean;
}

interface KeptStep {
  id: number;
  /** Of steps that were taken at once on many images, the first; such are taken back at once too. */
  sweep: number | null;
  before: ImageCard;
  after: ImageCard;
  annotations: AnnotationId[];
  isUndone: boolean;
}

/** The run whose marks an annotated library starts with. */
export const EARLIER_RUN: RunId = 2;
/** The run before it, whose proposals gave way to that one's unless both are wanted. */
const EARLIEST_RUN: RunId = 1;
/** Beyond those of all other annotations. */
const CROWD_IDS = 1_000_000_000;

export class FakeLibrary {
  #folders: Folder[] = [];
  #changed = new Map<ImageId, ImageCard>();
  #undone = new Set<RunId>();
  /** What runs that went on before our eyes have answered, by run and image. */
  #found = new Map<string, Annotation[]>();
  /** In the order in which they were taken; those that were taken back follow, on each image, those that stand. */
  #steps: KeptStep[] = [];
  #latestStep = 0;
  #latestAnnotation = 10_000_000;
  readonly #hasMistakes: boolean;
  /** Whether the proposals of the earliest run stand beside those of the next. */
  readonly #hasTwoLayers: boolean;
  /** Until something changes: to learn it all images are looked at. */
  #habits: Habits | null = null;

  /** How many annotations every image has at first; 0: what its photo shows. */
  readonly #crowd: number;

  constructor(images: number, { crowd = 0, hasMistakes = false, hasHollow = false, hasTwoLayers = false } = {}) {
    this.#crowd = crowd;
    this.#hasTwoLayers = hasTwoLayers;
    this.#hasMistakes = hasMistakes;
    if (images === 0) return;
    const first = Math.ceil(images * 0.6);
    const second = Math.ceil(images * 0.25);
    this.addFolder("Street survey, October", first, true, [
      { path: "/photos/street/IMG_0412.jpg", reason: { kind: "damaged", detail: "unexpected end of file" } },
      { path: "/photos/street/notes.txt", reason: { kind: "not_an_image" } },
      { path: "/photos/street/IMG_0555.jpg", reason: { kind: "empty" } },
    ]);
    this.addFolder("Museum shelves", second, true);
    this.addFolder("Harbour weekend", Math.max(0, images - first - second), false);
    if (hasHollow)
      this.#add("Damaged card", 0, false, [
        { path: "/photos/card/DSC_0001.NEF", reason: { kind: "not_supported", format: "camera raw", detail: null } },
      ]);
  }

  get size(): number {
    return this.#folders.at(-1)?.last ?? 0;
  }

  addFolder(name: string, images: number, isAnnotated: boolean, skipped: SkippedFile[] = []): void {
    if (images > 0) this.#add(name, images, isAnnotated, skipped);
  }

  #add(name: string, images: number, isAnnotated: boolean, skipped: SkippedFile[]): void {
    this.#habits = null;
    const first = this.size + 1;
    const id = this.#folders.length + 1;
    this.#folders.push({ id, name, first, last: first + images - 1, isAnnotated, skipped, isRemoved: false });
  }

  /** Makes the newest folder larger, as an import does. */
  grow(images: number, skipped: SkippedFile[] = []): void {
    const folder = this.#folders.at(-1);
    if (!folder) return;
    folder.last += images;
    this.#habits = null;
    folder.skipped.push(...skipped);
  }

  changeFolder(id: CollectionId, change: { name?: string; isRemoved?: boolean }): void {
    const folder = this.#folders.find((each) => each.id === id);
    if (folder) Object.assign(folder, change);
    this.#habits = null;
  }

  get #shown(): Folder[] {
    return this.#folders.filter(({ isRemoved }) => !isRemoved);
  }

  get folders(): { id: CollectionId; name: string; count: number }[] {
    return this.#shown.map(({ id, name, first, last }) => ({ id, name, count: last - first + 1 }));
  }

  folderOf(image: ImageId): string {
    return this.#folders.find(({ last }) => image <= last)?.name ?? "";
  }

  has(name: string): boolean {
    return this.#folders.some((folder) => folder.name === name);
  }

  overview(collection: CollectionId | null): LibraryOverview {
    const counts: ImageCounts = { all: 0, unreviewed: 0, reviewed: 0, confirmed_empty: 0, failed: 0 };
    const labels = new Map<string, LabelCount>();
    for (const id of this.ids(collection)) {
      const card = cardIn(ALL_LAYERS, this.card(id));
      counts.all += 1;
      counts[card.review] += 1;
      if (card.failure) counts.failed += 1;
      for (const annotation of card.annotations) {
        if (annotation.status === "rejected") continue;
        const known = labels.get(annotation.label);
        if (known) known.count += 1;
        else labels.set(annotation.label, { name: annotation.label, color: annotation.color, count: 1 });
      }
    }
    return {
      smart_collections: [],
      collections: this.#shown.map((folder): Collection => ({
        id: folder.id,
        name: folder.name,
        image_count: folder.last - folder.first + 1,
        skipped_count: folder.skipped.length,
      })),
      counts,
      labels: [...labels.values()].sort((one, other) => other.count - one.count),
    };
  }

  skipped(collection: CollectionId | null): SkippedFile[] {
    return this.#shown
      .filter((folder) => collection === null || folder.id === collection)
      .flatMap((each) => each.skipped);
  }

  selected(selection: ImageSelection): ImageId[] {
    switch (selection.kind) {
      case "all":
        return this.ids(null);
      case "collection":
        return this.ids(selection.id);
      case "images":
        return selection.ids.filter((id) => id >= 1 && id <= this.size);
    }
  }

  card(id: ImageId): ImageCard {
    const card = this.#changed.get(id) ?? this.#firstCard(id);
    const isUndone = (annotation: Annotation) =>
      annotation.status === "proposed" && annotation.origin.kind === "run" && this.#undone.has(annotation.origin.run);
    return card.annotations.some(isUndone)
      ? { ...card, annotations: card.annotations.filter((annotation) => !isUndone(annotation)) }
      : card;
  }

  cards(ids: ImageId[]): ImageCard[] {
    return ids.filter((id) => id >= 1 && id <= this.size).map((id) => this.card(id));
  }

  /** What is usual among the annotations of all images. */
  get habits(): Habits {
    return (this.#habits ??= habitsOf(this.cards(this.ids(null))));
  }

  /** What a run found on an image, or on one that it looks like, as proposals. */
  propose(
    id: ImageId,
    run: RunId,
    found: { label: string; color: number }[],
    propagatedFrom: ImageId | null = null,
  ): number {
    const card = this.card(id);
    const annotations = photoOf(id)
      .annotations.filter((annotation) => found.some(({ label }) => label === annotation.label))
      .map((annotation) => ({
        ...annotationAt(id, annotation, run, ++this.#latestAnnotation),
        propagated_from: propagatedFrom,
        color: found.find(({ label }) => label === annotation.label)?.color ?? 1,
      }));
    this.#found.set(`${run}/${id}`, annotations);
    this.#put({ ...card, failure: null, is_annotated: true, annotations: [...card.annotations, ...annotations] });
    return annotations.length;
  }

  fail(id: ImageId, failure: ImageCard["failure"]): void {
    this.#put({ ...this.card(id), failure });
  }

  /** What a run answered about an image, whatever became of it; null where it has not looked. */
  foundBy(run: RunId, id: ImageId): Annotation[] | null {
    const found = this.#found.get(`${run}/${id}`);
    if (found) return found;
    const first = this.#firstCard(id);
    if (!first.is_annotated) return null;
    if (run === EARLIER_RUN) return first.annotations.filter((annotation) => !isOfEarliest(annotation));
    return run === EARLIEST_RUN ? foundEarliest(id, run) : null;
  }

  /** What people have decided to be on an image; null where they have not decided. */
  decidedOn(id: ImageId): Annotation[] | null {
    const { review, annotations } = this.card(id);
    if (review === "unreviewed") return null;
    return annotations.filter(isApproved);
  }

  undoRun(run: RunId): number {
    let taken = 0;
    for (const id of this.ids(null)) taken += this.undecidedOf(id, run);
    this.#undone.add(run);
    this.#habits = null;
    return taken;
  }

  undecidedOf(id: ImageId, run: RunId): number {
    return this.card(id).annotations.filter(
      (annotation) =>
        annotation.status === "proposed" && annotation.origin.kind === "run" && annotation.origin.run === run,
    ).length;
  }

  decide({ image, scope, verdict }: Decision, layers = ALL_LAYERS): Step {
    const before = this.#known(image);
    const isMeant = (annotation: Annotation) =>
      scope.kind === "image"
        ? annotation.status === "proposed" && isShown(layers, annotation)
        : annotation.id === scope.id;
    const annotations = before.annotations.map((annotation) =>
      isMeant(annotation) ? withVerdict(annotation, verdict) : annotation,
    );
    const review = reviewAfter(before, annotations, layers, true);
    return this.#take({ ...before, annotations, review }, before.annotations.filter(isMeant));
  }

  edit({ image, changes }: ImageEdit, layers = ALL_LAYERS, sweep: number | null = null): Step {
    const before = this.#known(image);
    const { annotations, touched } = changedAnnotations(before, changes, () => ++this.#latestAnnotation);
    const decides = changes.some(({ kind }) => kind === "decide" || kind === "adopt");
    return this.#take(
      { ...before, annotations, review: reviewAfter(before, annotations, layers, decides) },
      touched,
      sweep,
    );
  }

  /** Changes many images as one step. */
  sweep(edits: readonly ImageEdit[], layers = ALL_LAYERS): BulkEditResult {
    const sweep = this.#latestStep + 1;
    const changed = edits.filter(({ changes }) => changes.length > 0);
    for (const edit of changed) this.edit(edit, layers, sweep);
    return { images: changed.length, annotations: changed.reduce((sum, { changes }) => sum + changes.length, 0) };
  }

  undoLatest(): Step | null {
    return this.#undoWhole(this.#latest());
  }

  undoOn(image: ImageId): Step | null {
    const latest = this.#latest();
    if (latest && latest.sweep !== null) return this.#undoWhole(latest);
    return this.#undo(this.#steps.findLast(({ isUndone, before }) => !isUndone && before.id === image));
  }

  redoLatest(): Step | null {
    return this.#redoWhole(this.#nextUndone());
  }

  redoOn(image: ImageId): Step | null {
    const next = this.#nextUndone();
    if (next && next.sweep !== null) return this.#redoWhole(next);
    return this.#redo(this.#steps.find(({ isUndone, before }) => isUndone && before.id === image));
  }

  #latest(): KeptStep | undefined {
    return this.#steps.findLast(({ isUndone }) => !isUndone);
  }

  /** The earliest undone step that nothing was done after. */
  #nextUndone(): KeptStep | undefined {
    const latest = this.#latest()?.id ?? 0;
    return this.#steps.find(({ isUndone, id }) => isUndone && id > latest);
  }

  #undoWhole(step: KeptStep | undefined): Step | null {
    const others = this.#ofSweep(step).filter(({ isUndone }) => !isUndone);
    for (const other of others.toReversed()) this.#undo(other);
    const undone = this.#undo(step);
    return undone && { ...undone, others: others.length };
  }

  #redoWhole(step: KeptStep | undefined): Step | null {
    const others = this.#ofSweep(step).filter(({ isUndone }) => isUndone);
    for (const other of others) this.#redo(other);
    const redone = this.#redo(step);
    return redone && { ...redone, others: others.length };
  }

  #ofSweep(step: KeptStep | undefined): KeptStep[] {
    return this.#steps.filter((each) => each !== step && each.sweep !== null && each.sweep === step?.sweep);
  }

  #known(image: ImageId): ImageCard {
    return image < 1 || image > this.size ? refuse("library") : this.card(image);
  }

  #put(card: ImageCard): void {
    this.#changed.set(card.id, card);
    this.#habits = null;
  }

  #take(after: ImageCard, touched: { id: AnnotationId }[], sweep: number | null = null): Step {
    const before = this.card(after.id);
    this.#steps = this.#steps.filter((step) => !step.isUndone || step.before.id !== after.id);
    const annotations = touched.map(({ id }) => id);
    const id = ++this.#latestStep;
    this.#steps.push({ id, sweep, before, after, annotations, isUndone: false });
    this.#put(after);
    return { id, image: after, annotations: annotations, others: 0 };
  }

  #undo(step: KeptStep | undefined): Step | null {
    if (!step) return null;
    step.isUndone = true;
    this.#put(step.before);
    return { id: step.id, image: step.before, annotations: step.annotations, others: 0 };
  }

  #redo(step: KeptStep | undefined): Step | null {
    if (!step) return null;
    step.isUndone = false;
    this.#put(step.after);
    return { id: step.id, image: step.after, annotations: step.annotations, others: 0 };
  }

  ids(collection: CollectionId | null): ImageId[] {
    const folders = this.#shown.filter((folder) => collection === null || folder.id === collection);
    return folders.flatMap((folder) =>
      Array.from({ length: folder.last - folder.first + 1 }, (_, index) => folder.first + index),
    );
  }

  #firstCard(id: ImageId): ImageCard {
    const folder = this.#folders.find((each) => id <= each.last);
    const photo = photoOf(id);
    const card: ImageCard = {
      id,
      name: nameOf(id),
      size: photo.size,
      taken: takenOf(id),
      review: "unreviewed",
      is_annotated: folder?.isAnnotated ?? false,
      is_running: false,
      failure: null,
      annotations: [],
    };
    if (this.#crowd > 0) return { ...card, is_annotated: true, annotations: crowdOn(id, this.#crowd) };
    if (!card.is_annotated) return card;
    if (chance(id, 1) < 0.04) {
      const detail = "unexpected end of file";
      return { ...card, is_annotated: false, failure: { run: EARLIER_RUN, kind: "file_unreadable", detail } };
    }
    if (photo.annotations.length === 1 && chance(id, 2) < 0.12) return { ...card, review: "confirmed_empty" };
    const isReviewed = chance(id, 3) < 0.3;
    const annotations = photo.annotations.map((annotation, place) => {
      const made = annotationAt(id, annotation, EARLIER_RUN, id * ANNOTATIONS_AN_IMAGE + place);
      if (!isReviewed) return made;
      const status: Status = (made.confidence ?? 0) > 0.4 ? "accepted" : "rejected";
      return { ...made, status };
    });
    if (this.#hasTwoLayers && !isReviewed) annotations.push(...foundEarliest(id, EARLIEST_RUN));
    const first: ImageCard = { ...card, review: isReviewed ? "reviewed" : "unreviewed", annotations };
    return this.#hasMistakes ? withSeededMistakes(first, id * ANNOTATIONS_AN_IMAGE + annotations.length) : first;
  }
}

function isOfEarliest({ origin }: Annotation): boolean {
  return origin.kind === "run" && origin.run === EARLIEST_RUN;
}

/** What a person has said about an image after a step that leaves these annotations on it. */
function reviewAfter(
  before: ImageCard,
  annotations: readonly Annotation[],
  layers: LayerScope,
  decides: boolean,
): ImageCard["review"] {
  const isOpen = annotations.some((annotation) => annotation.status === "proposed" && isShown(layers, annotation));
  if (before.review === "unreviewed" && (!decides || isOpen)) return "unreviewed";
  if (annotations.some(isApproved)) return "reviewed";
  return isOpen ? before.review : "confirmed_empty";
}

function nameOf(id: ImageId): string {
  return `${photoOf(id).stem}_${String(id).padStart(4, "0")}.jpg`;
}

/** So many small boxes all over an image that they cannot be told apart at a glance. */
function crowdOn(image: ImageId, count: number): Annotation[] {
  const { width, height } = photoOf(image).size;
  return Array.from({ length: count }, (_, place): Annotation => {
    const name = COCO_NAMES[place % COCO_NAMES.length] ?? "";
    const side = 4 + chance(place, 3) * 28;
    const [x1, y1] = [chance(place, 1) * (width - side), chance(place, 2) * (height - side)];
    return {
      ...annotationAt(
        image,
        { label: name, rect: { x1, y1, x2: x1 + side, y2: y1 + side }, confidence: 0.5 },
        EARLIER_RUN,
        0,
      ),
      id: CROWD_IDS + image * count + place,
      confidence: 0.3 + chance(place, 4) * 0.7,
    };
  });
}
