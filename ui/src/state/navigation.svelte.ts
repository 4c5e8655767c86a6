/** Which screen is shown, and what it was opened for. */
import type { AuditId, ImageId, ImageQuery, RunId, Sides } from "../api/bindings";
import type { SettingsPart } from "../settings/rows";
import { keep, recall } from "./kept";
import { isReachable, type Screen } from "./screens";

/** The images to review, and the current one. */
export interface ReviewQueue {
  ids: ImageId[];
  index: number;
  /** The query behind them; absent if they were picked individually. */
  query?: ImageQuery;
}

export class Navigation {
  screen = $state<Screen>(recall("screen", isReachable) ?? "library");
  /** The previous screen; a screen may continue where that one ended. */
  cameFrom: Screen | null = null;
  /** The page or setting that another screen led to; null for the first page. */
  settingsPart = $state.raw<SettingsPart | null>(null);
  /** The run on the run screen. */
  run = $state<RunId | null>(null);
  review = $state.raw<ReviewQueue | null>(null);
  /** The audit that is shown. */
  audit = $state<AuditId | null>(null);
  /** Set by `compare`; otherwise likely sides are compared. */
  compared = $state.raw<Sides | null>(null);

  /** The run to evaluate, set by `evaluate`; otherwise what was evaluated before. */
  evaluated = $state<RunId | null>(null);

  readonly #changed: (from: Screen, to: Screen) => void;

  /** `changed` is called before another screen is shown. */
  constructor(changed: (from: Screen, to: Screen) => void) {
    this.#changed = changed;
  }

  show(screen: Screen): void {
    this.settingsPart = null;
    this.#go(screen);
  }

  showSettings(part: SettingsPart): void {
    this.settingsPart = part;
    this.#go("settings");
  }

  openReview(ids: ImageId[], index: number, query?: ImageQuery): void {
    this.review = query === undefined ? { ids, index } : { ids, index, query };
    this.#go("review");
  }

  showAudit(audit: AuditId): void {
    this.audit = audit;
    this.#go("audit");
  }

  compare(sides: Sides): void {
    this.compared = sides;
    this.#go("compare");
  }

  evaluate(run: RunId): void {
    this.evaluated = run;
    this.#go("evaluate");
  }

  showRun(run: RunId): void {
    this.run = run;
    this.#go("run");
  }

  #go(screen: Screen): void {
    if (screen !== this.screen) {
      this.cameFrom = this.screen;
      this.#changed(this.screen, screen);
    }
    this.screen = screen;
    keep("screen", screen);
  }
}
