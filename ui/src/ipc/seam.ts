/**
 * The core as the window uses it: the generated API over a transport, and pixels by URL. `tauri.ts` connects to the app,
 * `http.ts` to `fieldmark serve`; nothing else in the window knows which of the two it talks to.
 *
 * Every call rejects with an `ApiError`: a code that the message catalogue turns into text, and the core's own message for
 * the log.
 */
import {
  apiOver,
  type Api,
  type CoreEvent,
  type ImageId,
  type RunId,
  type RunProgress,
  type Transport,
} from "./bindings";

/** Sizes in which the core serves pixels: long edge at most that many pixels, `full` as the file has it. */
export type PixelEdge = 384 | 2048 | 4096 | "full";

export interface Connection extends Transport {
  /** The URL of an image's pixels, upright, for `img` and canvas (with `crossorigin`). */
  pixelUrl(image: ImageId, edge: PixelEdge): string;
}

export type EventKind = CoreEvent["kind"];
export type EventOf<Kind extends EventKind> = Extract<CoreEvent, { kind: Kind }>;

export interface Seam extends Omit<Api, "events" | "runProgress">, Pick<Connection, "pixelUrl"> {
  /** Passes on snapshots of a run until it stops. Returns the function that ends this, after the first snapshot. */
  watchRun(run: RunId, progress: (snapshot: RunProgress) => void): Promise<() => void>;
  /** Listens to events of a kind. Returns the function that ends this. */
  on<Kind extends EventKind>(kind: Kind, listener: (event: EventOf<Kind>) => void): () => void;
}

export function openSeam(connection: Connection): Seam {
  const { events, runProgress, ...api } = apiOver(connection);
  const listeners = new Map<EventKind, Set<(event: never) => void>>();
  let isListening = false;

  function listen(): void {
    if (isListening) return;
    isListening = true;
    events(
      (event) => {
        for (const listener of listeners.get(event.kind) ?? []) (listener as (event: CoreEvent) => void)(event);
      },
      (error) => console.error("no events:", error.message),
    );
  }

  return {
    ...api,
    pixelUrl: (image, edge) => connection.pixelUrl(image, edge),
    watchRun: (run, progress) =>
      new Promise((begun, refused) => {
        const stop = runProgress(
          (snapshot) => {
            progress(snapshot);
            begun(stop);
          },
          refused,
          run,
        );
      }),
    on: (kind, listener) => {
      const here = listeners.get(kind) ?? new Set();
      listeners.set(kind, here);
      here.add(listener);
      listen();
      return () => here.delete(listener);
    },
  };
}
