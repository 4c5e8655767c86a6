/**
 * The core as the window uses it: the generated API over a transport, and pixels by URL. `tauri.ts` connects to the app,
 * `http.ts` to `fieldmark serve`, which also gives `browser`: downloads and uploads in place of the system's dialogs.
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

/** Whether a browser's window reaches the core. */
export type Reach = "connected" | "lost" | "signed_out";

/** What a browser's window has in place of the system's dialogs. */
export interface BrowserConnection {
  /** Sends a request; rejects with an `ApiError` unless it succeeded. */
  send(path: string, method: string, body?: BodyInit, signal?: AbortSignal): Promise<Response>;
  /** The address of an export that is ready, which the browser saves. */
  exported(fileName: string): string;
  /** The address of the metrics of a run, which the browser saves. */
  metrics(run: RunId): string;
  /** Is called when the connection is lost and when it is there again. */
  onReach(listener: (reach: Reach) => void): void;
}

export type EventKind = CoreEvent["kind"];
export type EventOf<Kind extends EventKind> = Extract<CoreEvent, { kind: Kind }>;

export interface Core extends Omit<Api, "events" | "runProgress">, Pick<Connection, "pixelUrl"> {
  /** Null in the desktop app. */
  browser: BrowserConnection | null;
  /** Passes on snapshots of a run until it stops. Returns the function that ends this, after the first snapshot. */
  watchRun(run: RunId, progress: (snapshot: RunProgress) => void): Promise<() => void>;
  /** Listens to events of a kind. Returns the function that ends this. */
  on<Kind extends EventKind>(kind: Kind, listener: (event: EventOf<Kind>) => void): () => void;
}

/** After a session has ended, this long passes before the window looks whether it has a new one, in milliseconds. */
const SIGNED_OUT_WAIT = 3000;

export function connectCore(connection: Connection, browser: BrowserConnection | null = null): Core {
  const { events, runProgress, ...api } = apiOver(connection);
  const listeners = new Map<EventKind, Set<(event: never) => void>>();
  let isListening = false;

  function listen(): void {
    if (isListening) return;
    isListening = true;
    follow();
  }

  function follow(): void {
    events(
      (event) => {
        for (const listener of listeners.get(event.kind) ?? []) (listener as (event: CoreEvent) => void)(event);
      },
      (error) => {
        console.error("no events:", error.message);
        if (error.code === "signed_out") setTimeout(follow, SIGNED_OUT_WAIT);
      },
    );
  }

  return {
    ...api,
    browser,
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
