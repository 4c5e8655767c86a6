/** Pending calls to the core, sent one after the other in order. */
import type { ImageId } from "../api/bindings";

type Delivery = () => Promise<void>;

interface Modifiers {
  about: string;
  image: ImageId;
  deliver: Delivery;
  timer: ReturnType<typeof setTimeout>;
}

export class Outbox {
  readonly #waiting = new Map<ImageId, number>();
  #tail: Promise<void> = Promise.resolve();
  #held: Modifiers | null = null;

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** Whether a call about this image is pending or being sent. */
  isAbout(image: ImageId): boolean {
    return this.#waiting.has(image);
  }

  /** While a call is being sent: whether it is the last one about its image. */
  isLast(image: ImageId): boolean {
    return (this.#waiting.get(image) ?? 0) <= 1;
  }

  /** Appends a call. `image` is null if it is not about one image. */
  put(image: ImageId | null, deliver: Delivery): void {
    this.flush();
    if (image !== null) this.#count(image, 1);
    this.#append(image, deliver);
  }

  /** Sends the call after a pause, replacing a held call `about` the same subject. Any other call flushes it first. */
  hold(image: ImageId, about: string, milliseconds: number, deliver: Delivery): void {
    if (this.#held?.about === about) clearTimeout(this.#held.timer);
    else {
      this.flush();
      this.#count(image, 1);
    }
    this.#held = { about, image, deliver, timer: setTimeout(() => this.flush(), milliseconds) };
  }

  /** Sends what is held. */
  flush(): void {
    const held = this.#held;
    if (held === null) return;
    clearTimeout(held.timer);
    this.#held = null;
    this.#append(held.image, held.deliver);
  }

  /** Resolves when everything is sent. */
  settled(): Promise<void> {
    this.flush();
    return this.#tail;
  }

  #append(image: ImageId | null, deliver: Delivery): void {
    this.#tail = this.#tail.then(async () => {
      try {
        await deliver();
      } finally {
        if (image !== null) this.#count(image, -1);
      }
    });
  }

  #count(image: ImageId, change: 1 | -1): void {
    const waiting = (this.#waiting.get(image) ?? 0) + change;
    if (waiting > 0) this.#waiting.set(image, waiting);
    else this.#waiting.delete(image);
  }
}
