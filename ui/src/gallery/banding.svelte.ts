/**
 * Pointer handling of the selection rectangle: from a press on empty grid space until release or Escape. Scrolls near
 * the upper and lower edge.
 */
import { isCommand } from "../state/actions/chords";
import { Band, type BandKind } from "./band";
import { type Grid, offsetOf, type Point, scrollTopOf } from "./geometry";
import type { Library } from "./library.svelte";

/** Movement below this is a click. */
const STILL_PIXELS = 4;
/** Distance to an edge at which it scrolls, and the speed at the edge; faster beyond it. */
const EDGE_PIXELS = 40;
const PIXELS_A_MILLI = 1;
const MAX_PIXELS_A_MILLI = 3.6;
/** Caps the scroll step after a slow frame. */
const LONGEST_FRAME_MILLIS = 50;
/** The rectangle is clipped this far outside the view, because browsers limit element heights. */
const BEYOND_PIXELS = 8;

export interface Rectangle extends Point {
  width: number;
  height: number;
}

/** The current state of the grid. */
interface Ground {
  library: Library;
  grid: Grid;
  scroller: HTMLElement | undefined;
}

export class Banding {
  /** In coordinates of the scrolled element; null if there is none. */
  rectangle = $state.raw<Rectangle | null>(null);

  readonly #ground: () => Ground;
  #band: Band | null = null;
  #from: Point = { x: 0, y: 0 };
  #kind: BandKind = "only";
  #pointer = { id: -1, x: 0, y: 0 };
  #frame = 0;
  #drawnAt = 0;
  #listening: AbortController | null = null;

  constructor(ground: () => Ground) {
    this.#ground = ground;
  }

  /** A press in the grid; presses on cells belong to the cell. */
  press(event: PointerEvent): void {
    const { scroller } = this.#ground();
    const isOnCell = event.target instanceof Element && event.target.closest('[role="option"]') !== null;
    if (!scroller || isOnCell || event.button !== 0 || event.pointerType === "touch" || this.#listening) return;
    const { left, top } = scroller.getBoundingClientRect();
    // Ignores the scroll bar.
    if (event.clientX - left >= scroller.clientWidth || event.clientY - top >= scroller.clientHeight) return;
    this.#pointer = { id: event.pointerId, x: event.clientX, y: event.clientY };
    this.#from = this.#reached(scroller);
    this.#kind = isCommand(event) ? "toggle" : event.shiftKey ? "add" : "only";
    this.#listen();
  }

  /** Ends the rectangle; the selection stays. */
  stop(): void {
    const { grid, scroller } = this.#ground();
    this.#listening?.abort();
    this.#listening = null;
    cancelAnimationFrame(this.#frame);
    this.rectangle = null;
    if (!scroller || !this.#band) return;
    const to = this.#reached(scroller);
    this.#band.reach(grid, to);
    this.#band.end(to);
    this.#band = null;
  }

  #listen(): void {
    const { signal } = (this.#listening = new AbortController());
    addEventListener("pointermove", (event) => this.#moved(event), { signal });
    addEventListener("pointerup", (event) => event.pointerId === this.#pointer.id && this.stop(), { signal });
    addEventListener("pointercancel", () => this.stop(), { signal });
    addEventListener("blur", () => this.stop(), { signal });
    // Captures Escape before other handlers.
    addEventListener("keydown", (event) => this.#pressed(event), { signal, capture: true });
  }

  #moved(event: PointerEvent): void {
    const { library, grid, scroller } = this.#ground();
    if (!scroller || event.pointerId !== this.#pointer.id) return;
    const { x, y } = this.#pointer;
    if (!this.#band) {
      if (Math.hypot(event.clientX - x, event.clientY - y) < STILL_PIXELS) return;
      this.#band = new Band(library, grid, this.#from, this.#kind);
      // Keeps receiving events outside the grid and window.
      scroller.setPointerCapture(event.pointerId);
      this.#drawnAt = performance.now();
      this.#frame = requestAnimationFrame((now) => this.#draw(now));
    }
    this.#pointer = { id: event.pointerId, x: event.clientX, y: event.clientY };
  }

  #pressed(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !this.#band) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#band.takeBack();
    this.#band = null;
    this.stop();
  }

  /** Runs every frame: the wheel may scroll and the list may grow meanwhile. */
  #draw(now: number): void {
    const { grid, scroller } = this.#ground();
    if (!scroller || !this.#band) return;
    const millis = Math.min(LONGEST_FRAME_MILLIS, Math.max(0, now - this.#drawnAt));
    this.#drawnAt = now;
    this.#scroll(grid, scroller, millis);
    const to = this.#reached(scroller);
    this.#band.reach(grid, to);
    this.#show(grid, scroller, to);
    this.#frame = requestAnimationFrame((next) => this.#draw(next));
  }

  #scroll(grid: Grid, scroller: HTMLElement, millis: number): void {
    const { top, height } = scroller.getBoundingClientRect();
    const above = EDGE_PIXELS - (this.#pointer.y - top);
    const below = EDGE_PIXELS - (top + height - this.#pointer.y);
    const within = Math.max(above, below) / EDGE_PIXELS;
    if (within <= 0) return;
    const pixels = Math.min(MAX_PIXELS_A_MILLI, within ** 2 * PIXELS_A_MILLI) * millis;
    const offset = offsetOf(grid, scroller.scrollTop) + (below > above ? pixels : -pixels);
    scroller.scrollTop = scrollTopOf(grid, offset);
  }

  /** The pointer position among all rows, clamped. */
  #reached(scroller: HTMLElement): Point {
    const { grid } = this.#ground();
    const { left, top } = scroller.getBoundingClientRect();
    const within = (value: number, most: number) => Math.min(most, Math.max(0, value));
    const y = within(this.#pointer.y - top, scroller.clientHeight);
    return { x: within(this.#pointer.x - left, scroller.clientWidth), y: y + offsetOf(grid, scroller.scrollTop) };
  }

  #show(grid: Grid, scroller: HTMLElement, to: Point): void {
    const offset = offsetOf(grid, scroller.scrollTop);
    const seen = (y: number) =>
      Math.min(scroller.clientHeight + BEYOND_PIXELS, Math.max(-BEYOND_PIXELS, y - offset)) + scroller.scrollTop;
    const [fromY, toY] = [seen(this.#from.y), seen(to.y)];
    this.rectangle = {
      x: Math.min(this.#from.x, to.x),
      y: Math.min(fromY, toY),
      width: Math.abs(to.x - this.#from.x),
      height: Math.abs(toY - fromY),
    };
  }
}
