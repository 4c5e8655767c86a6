/** Finding out in which coordinates a model answers; its dialog opens over any screen. */
import type { BoxCoordinates, Calibration, CalibrationPlan, ModelId } from "../api/bindings";
import type { App } from "./app.svelte";

export class Calibrating {
  /** What it costs and needs; null until it is known, and while the dialog is closed. */
  plan = $state.raw<CalibrationPlan | null>(null);
  result = $state.raw<Calibration | null>(null);
  isRunning = $state(false);
  /** What the model is asked in from now on. */
  applied = $state<BoxCoordinates | null>(null);

  readonly #app: App;
  /** Answers about another model, or an earlier opening, are dropped. */
  #asked = 0;

  constructor(app: App) {
    this.#app = app;
  }

  async open(model: ModelId): Promise<void> {
    const asked = ++this.#asked;
    this.result = null;
    this.applied = null;
    this.isRunning = false;
    const plan = await this.#app.notices.attempt(() => this.#app.core.planCalibration(model));
    if (plan && asked === this.#asked) this.plan = plan;
  }

  close(): void {
    this.#asked += 1;
    this.plan = null;
  }

  /** Sends the pictures; pressing the button that says what is sent, where, and its cost is the consent. */
  async run(): Promise<void> {
    const { plan } = this;
    if (plan === null || this.isRunning) return;
    const asked = this.#asked;
    this.isRunning = true;
    const result = await this.#app.notices.attempt(async () => {
      if (!plan.is_agreed) {
        const agreed_hosts = [...(this.#app.settings.current.agreed_hosts ?? []), plan.host];
        if (!(await this.#app.settings.save({ agreed_hosts }))) return undefined;
      }
      return this.#app.core.calibrate(plan.model, plan.at_most_dollars);
    });
    if (asked !== this.#asked) return;
    this.isRunning = false;
    this.result = result ?? null;
  }

  async apply(system: BoxCoordinates): Promise<void> {
    const { plan } = this;
    if (plan === null) return;
    await this.#app.notices.attempt(async () => {
      await this.#app.core.applyCoordinates(plan.model, system);
      this.applied = system;
    });
    await this.#app.settings.refresh();
    await this.#app.connections.load();
  }
}
