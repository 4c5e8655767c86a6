/** One run as the Run screen follows it: its snapshots, and the pictures that go with them at a pace that eyes follow. */
import { SvelteMap } from "svelte/reactivity";

import type {
  FailureGroup,
  ImageCard,
  ImageId,
  InFlight,
  JustAnswered,
  Dollars,
  RunId,
  RunProgress,
  RunState,
  RunSummary,
  StopReason,
} from "../ipc/bindings";
import type { Seam } from "../ipc/seam";
import { words } from "../messages";
import type { OwnStop } from "../messages/en/run";
import { layersOfRuns } from "../state/layers";

/** A fast route has dozens in flight: two rows tell enough. */
export const MOST_IN_FLIGHT = 12;

/** Snapshots come ten times a second; pictures that change as often only flicker. */
const PICTURE_MILLIS = 500;

export type StateName = "running" | "stopping" | "interrupted" | StopReason;

export function stateName(state: RunState): StateName {
  return state.kind === "stopped" ? state.reason : state.kind;
}

/** Why a run ended by itself, with something for a person to do about it; null when it did not. */
export function ownStop(state: RunState): OwnStop | null {
  return state.kind === "stopped" && isOwnStop(state.reason) ? state.reason : null;
}

function isOwnStop(reason: StopReason): reason is OwnStop {
  return reason in words.run.stopped;
}

/** What the whole run will cost if it goes on as it began; null before the first image and where nothing is paid. */
export function costHeading({ spent_dollars: spent, done, failed, total }: RunProgress): Dollars | null {
  const finished = done + failed;
  return finished === 0 || spent === 0 ? null : (spent / finished) * total;
}

/** The run that a person most likely wants to see: what goes on, else what could, else the latest. */
export function runToShow(newestFirst: RunSummary[]): RunId | null {
  const going = newestFirst.find(({ state }) => state.kind === "running" || state.kind === "stopping");
  const open = newestFirst.find(({ state }) => state.kind === "interrupted");
  return (going ?? open ?? newestFirst[0])?.id ?? null;
}

/** Whether a run can go on: it is not at work, and something waits. */
export function mayResume(state: RunState, waiting: number): boolean {
  return waiting > 0 && isIdle(state);
}

/** Whether a run rests, so that somebody may go on with it. */
export function isIdle(state: RunState): boolean {
  return state.kind === "interrupted" || state.kind === "stopped";
}

/** Failed images for which another try may come out otherwise. */
export function retryable(failures: readonly FailureGroup[]): number {
  return failures.reduce((sum, group) => sum + (group.is_worth_retrying ? group.count : 0), 0);
}

/** Those under way the longest, the longest first. */
export function longestUnderWay(inFlight: readonly InFlight[], most: number): InFlight[] {
  return [...inFlight].sort((one, other) => other.since_millis - one.since_millis).slice(0, most);
}

export type RunSeam = Pick<Seam, "watchRun" | "imageCards" | "runs">;

export class RunView {
  readonly #seam: RunSeam;
  readonly #refused: (refusal: unknown) => void;

  progress = $state.raw<RunProgress | null>(null);
  /** Whether it is known which run to show, and that there is none. */
  isEmpty = $state(false);
  /** Those that are shown, the longest under way first. */
  inFlight = $state.raw<InFlight[]>([]);
  moreInFlight = $state(0);
  justAnswered = $state.raw<JustAnswered[]>([]);
  readonly cards = new SvelteMap<ImageId, ImageCard>();

  #stop: (() => void) | null = null;
  #following: RunId | null = null;
  #pictureTimer: ReturnType<typeof setTimeout> | undefined;
  /** Images whose cards were fetched after their answer: their annotations are known. */
  #answered = new Set<ImageId>();

  readonly state = $derived<StateName | null>(this.progress && stateName(this.progress.state));
  readonly left = $derived(
    this.progress === null ? 0 : this.progress.total - this.progress.done - this.progress.failed,
  );
  readonly mayPause = $derived(this.state === "running");
  readonly mayResume = $derived(this.progress !== null && mayResume(this.progress.state, this.left));
  /** Failed images that can be tried again now. */
  readonly retryable = $derived(
    this.progress !== null && isIdle(this.progress.state) ? retryable(this.progress.failures) : 0,
  );
  readonly isWorking = $derived(this.state === "running" || this.state === "stopping");

  constructor(seam: RunSeam, refused: (refusal: unknown) => void) {
    this.#seam = seam;
    this.#refused = refused;
  }

  /** Shows this run, or the one most likely meant. */
  async follow(run: RunId | null): Promise<void> {
    try {
      const shown = run ?? runToShow(await this.#seam.runs());
      this.isEmpty = shown === null;
      if (shown === null || shown === this.#following) return;
      this.leave();
      this.#following = shown;
      if (this.progress?.run !== shown) this.progress = null;
      const stop = await this.#seam.watchRun(shown, (snapshot) => {
        if (this.#following === shown) this.#take(snapshot);
      });
      // Meanwhile somebody may have turned to another run.
      if (this.#following === shown) this.#stop = stop;
      else stop();
    } catch (refusal) {
      this.#following = null;
      this.#refused(refusal);
    }
  }

  /** Listens anew: whoever told of a run that stopped may not tell of its resumption. */
  async followAgain(): Promise<void> {
    const run = this.#following;
    if (run === null) return;
    this.leave();
    await this.follow(run);
  }

  leave(): void {
    this.#stop?.();
    this.#stop = null;
    this.#following = null;
    clearTimeout(this.#pictureTimer);
    this.#pictureTimer = undefined;
    this.#answered.clear();
    this.inFlight = [];
    this.moreInFlight = 0;
    this.justAnswered = [];
  }

  #take(snapshot: RunProgress): void {
    const isFirst = this.progress === null;
    this.progress = snapshot;
    const isLast = snapshot.state.kind === "stopped";
    if (isFirst || isLast) void this.#showPictures();
    else {
      this.#pictureTimer ??= setTimeout(() => {
        this.#pictureTimer = undefined;
        void this.#showPictures();
      }, PICTURE_MILLIS);
    }
  }

  /** One question for all pictures that are new. */
  async #showPictures(): Promise<void> {
    const snapshot = this.progress;
    if (snapshot === null) return;
    const answered = snapshot.just_answered.map(({ image }) => image);
    const shownInFlight = longestUnderWay(snapshot.in_flight, MOST_IN_FLIGHT);
    const flying = shownInFlight.map(({ image }) => image);
    const fresh = answered.filter((image) => !this.#answered.has(image));
    const unknown = flying.filter((image) => !this.cards.has(image) && !fresh.includes(image));
    if (fresh.length + unknown.length > 0) {
      const layers = layersOfRuns([snapshot.run]);
      try {
        for (const card of await this.#seam.imageCards([...fresh, ...unknown], layers)) this.cards.set(card.id, card);
      } catch (refusal) {
        this.#refused(refusal);
      }
    }
    if (this.#following !== snapshot.run) return;
    for (const image of fresh) this.#answered.add(image);
    this.inFlight = shownInFlight;
    this.moreInFlight = snapshot.in_flight.length - shownInFlight.length;
    this.justAnswered = snapshot.just_answered;
    const shown = new Set([...answered, ...flying]);
    for (const image of [...this.cards.keys()]) {
      if (shown.has(image)) continue;
      this.cards.delete(image);
      this.#answered.delete(image);
    }
  }
}
