/** What a person did and the core has yet to take: one after the other, in the order in which it was done. */
import type { ImageId } from "../ipc/bindings";

type Delivery = () => Promise<void>;

interface Held {
  about: string;
  image: ImageId;
  deliver: Delivery;
  timer: ReturnType<typeof setTimeout>;
}

export class Outbox {
  readonly #waiting = new Map<ImageId, number>();
  #tail: Promise<void> = Promise.resolve();
  #held: Held | null = null;

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** Whether something about this image is on its way, or waits to be. */
  isAbout(image: ImageId): boolean {
    return this.#waiting.has(image);
  }

  /** While something is delivered: whether nothing else about its image comes behind it. */
  isLast(image: ImageId): boolean {
    return (this.#waiting.get(image) ?? 0) <= 1;
  }

  /** Delivers behind all that was put before. What is on no image in particular names none. */
  put(image: ImageId | null, deliver: Delivery): void {
    this.flush();
    if (image !== null) this.#count(image, 1);
    this.#append(image, deliver);
  }

  /**
   * Delivers when nothing more of its kind has come for a while: it takes the place of what is held `about` the same.
   * Whatever else is put makes it leave first.
   */
  hold(image: ImageId, about: string, milliseconds: number, deliver: Delivery): void {
    if (this.#held?.about === about) clearTimeout(this.#held.timer);
    else {
      this.flush();
      this.#count(image, 1);
    }
    this.#held = { about, image, deliver, timer: setTimeout(() => this.flush(), milliseconds) };
  }

  /** Nothing is held back any longer. */
  flush(): void {
    const held = this.#held;
    if (held === null) return;
    clearTimeout(held.timer);
    this.#held = null;
    this.#append(held.image, held.deliver);
  }

  /** When all of it is delivered. */
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
