/** State of the run screen: snapshots of one run, and its images at a readable rate. */
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
  SpentAt,
  StopReason,
} from "../api/bindings";
import type { Core } from "../api/core";
import { words } from "../messages";
import type { OwnStop } from "../messages/en/run";
import { layersOfRuns } from "../state/layers";
import { type RunSample, RunTraces } from "./trace";

/** Two rows; fast endpoints have dozens in flight. */
export const MAX_IN_FLIGHT = 12;

/** Snapshots arrive ten times a second; images that change as often only flicker. */
const PICTURE_MILLIS = 500;

export type StateName = "running" | "stopping" | "interrupted" | StopReason;

export function stateName(state: RunState): StateName {
  return state.kind === "stopped" ? state.reason : state.kind;
}

/** The reason of a run that stopped on its own and needs the user; otherwise null. */
export function ownStop(state: RunState): OwnStop | null {
  return state.kind === "stopped" && isOwnStop(state.reason) ? state.reason : null;
}

function isOwnStop(reason: StopReason): reason is OwnStop {
  return reason in words.run.stopped;
}

/** Whether a run has stopped after its pilot. */
export function isPilotDone(state: RunState): boolean {
  return state.kind === "stopped" && state.reason === "pilot_done";
}

/** Projected total cost; null before the first image and for free runs. */
export function costHeading({ spent_dollars: spent, done, failed, total }: RunProgress): Dollars | null {
  const finished = done + failed;
  return finished === 0 || spent === 0 ? null : (spent / finished) * total;
}

/** The run to show by default: active, otherwise resumable, otherwise the latest. */
export function runToShow(newestFirst: RunSummary[]): RunId | null {
  const going = newestFirst.find(({ state }) => state.kind === "running" || state.kind === "stopping");
  const open = newestFirst.find(({ state }) => state.kind === "interrupted");
  return (going ?? open ?? newestFirst[0])?.id ?? null;
}

/** Whether a run can be resumed: not active, and images are waiting. */
export function mayResume(state: RunState, waiting: number): boolean {
  return waiting > 0 && isIdle(state);
}

/** Whether a run is idle, so that it can be resumed. */
export function isIdle(state: RunState): boolean {
  return state.kind === "interrupted" || state.kind === "stopped";
}

/** Failed images that a retry may fix. */
export function retryable(failures: readonly FailureGroup[]): number {
  return failures.reduce((sum, group) => sum + (group.is_worth_retrying ? group.count : 0), 0);
}

/** Images in flight longest, longest first. */
export function longestInFlight(inFlight: readonly InFlight[], most: number): InFlight[] {
  return [...inFlight].sort((one, other) => other.since_millis - one.since_millis).slice(0, most);
}

export type RunCore = Pick<Core, "watchRun" | "imageCards" | "runs" | "spentHistory">;

export class RunView {
  readonly #core: RunCore;
  readonly #refused: (refusal: unknown) => void;
  readonly #traces: RunTraces;

  progress = $state.raw<RunProgress | null>(null);
  /** What was seen of it over time, ascending. */
  samples = $state.raw<readonly RunSample[]>([]);
  /** Its cost before it was shown. */
  spentBefore = $state.raw<readonly SpentAt[]>([]);
  /** Whether the runs are loaded and there are none. */
  isEmpty = $state(false);
  /** Shown images in flight, longest first. */
  inFlight = $state.raw<InFlight[]>([]);
  moreInFlight = $state(0);
  justAnswered = $state.raw<JustAnswered[]>([]);
  readonly cards = new SvelteMap<ImageId, ImageCard>();

  #stop: (() => void) | null = null;
  #following: RunId | null = null;
  #pictureTimer: ReturnType<typeof setTimeout> | undefined;
  /** Images whose cards were fetched after their answer, with annotations. */
  #answered = new Set<ImageId>();

  readonly state = $derived<StateName | null>(this.progress && stateName(this.progress.state));
  readonly left = $derived(
    this.progress === null ? 0 : this.progress.total - this.progress.done - this.progress.failed,
  );
  readonly mayPause = $derived(this.state === "running");
  readonly mayResume = $derived(this.progress !== null && mayResume(this.progress.state, this.left));
  /** Failed images that can be retried now. */
  readonly retryable = $derived(
    this.progress !== null && isIdle(this.progress.state) ? retryable(this.progress.failures) : 0,
  );
  readonly isWorking = $derived(this.state === "running" || this.state === "stopping");

  /** `traces` outlive the screen. */
  constructor(core: RunCore, refused: (refusal: unknown) => void, traces = new RunTraces()) {
    this.#core = core;
    this.#refused = refused;
    this.#traces = traces;
  }

  /** Shows this run, or the default one. */
  async follow(run: RunId | null): Promise<void> {
    try {
      const shown = run ?? runToShow(await this.#core.runs());
      this.isEmpty = shown === null;
      if (shown === null || shown === this.#following) return;
      this.leave();
      this.#following = shown;
      if (this.progress?.run !== shown) this.progress = null;
      this.spentBefore = [];
      const trace = this.#traces.begin(shown);
      const stop = await this.#core.watchRun(shown, (snapshot) => {
        if (this.#following !== shown) return;
        trace.add(snapshot);
        this.samples = trace.samples;
        this.#take(snapshot);
      });
      // The user may have switched to another run meanwhile.
      if (this.#following === shown) this.#stop = stop;
      else stop();
      const before = await this.#core.spentHistory(shown);
      if (this.#following === shown) this.spentBefore = before;
    } catch (refusal) {
      this.#following = null;
      this.#refused(refusal);
    }
  }

  /** Subscribes again, because a stopped run's subscription may not report its resumption. */
  async resubscribe(): Promise<void> {
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

  /** Fetches the cards of all new images in one request. */
  async #showPictures(): Promise<void> {
    const snapshot = this.progress;
    if (snapshot === null) return;
    const answered = snapshot.just_answered.map(({ image }) => image);
    const shownInFlight = longestInFlight(snapshot.in_flight, MAX_IN_FLIGHT);
    const flying = shownInFlight.map(({ image }) => image);
    const fresh = answered.filter((image) => !this.#answered.has(image));
    const unknown = flying.filter((image) => !this.cards.has(image) && !fresh.includes(image));
    if (fresh.length + unknown.length > 0) {
      const layers = layersOfRuns([snapshot.run]);
      try {
        for (const card of await this.#core.imageCards([...fresh, ...unknown], layers)) this.cards.set(card.id, card);
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
