/**
 * The transport of a browser: calls over HTTP, and one stream of server-sent events for all subscriptions, because browsers
 * open only six connections to a host. When the connection is lost, it is opened again, and everything that was subscribed
 * to is subscribed to again.
 *
 * It uses `fetch` for the stream too, so that it also works in Node.
 */
import { createParser } from "eventsource-parser";

import type { ApiError, CoreEvent, ImageId, RunId } from "./bindings";
import type { BrowserConnection, Connection, PixelEdge, Reach } from "./core";

/** The first wait before connecting again, and the longest, in milliseconds. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
/** The server sends something every 15 seconds. After this long without, the connection is lost. */
const SILENCE = 45_000;

/** What a window may have missed while it was not connected. */
const MISSED: CoreEvent[] = [{ kind: "library_changed" }, { kind: "settings_changed" }];

interface Subscription {
  name: string;
  input: object;
  next: (value: never) => void;
  failed: (error: ApiError) => void;
  /** When the server has been asked to start it; ending it waits for that. */
  started: Promise<void>;
}

type Message =
  | { subscription: number; value: never }
  | { subscription: number; error: ApiError }
  | { subscription: number; ended: true };

/** Sends requests to `fieldmark serve`. */
export class HttpTransport implements Connection, BrowserConnection {
  readonly #base: string;
  readonly #headers: Record<string, string>;
  readonly #subscriptions = new Map<number, Subscription>();
  #lastSubscription = 0;
  /** The id of the open stream. */
  #stream: string | undefined;
  /** Ends the connection that is open or being opened. */
  #connection: AbortController | undefined;
  /** Ends the open stream, so that it is opened again. */
  #restart: (() => void) | undefined;
  #reach: Reach = "connected";
  #tellReach: (reach: Reach) => void = () => undefined;
  /** Events may have been missed before the next stream. */
  #hasMissed = false;

  /**
   * @param base The address of the server without a slash at its end; empty for the page's own.
   * @param headers Headers to add: in Node, `cookie` and `origin`, which browsers send by themselves.
   */
  constructor(base = "", headers: Record<string, string> = {}) {
    this.#base = base;
    this.#headers = headers;
  }

  async call(operation: string, input: object): Promise<unknown> {
    try {
      const response = await this.send(`/api/call/${operation}`, "POST", JSON.stringify(input));
      return await response.json();
    } catch (cause) {
      // The stream may not have noticed.
      if ((cause as ApiError).code === "unreachable") this.#restart?.();
      throw cause;
    }
  }

  subscribe(name: string, input: object, next: (value: never) => void, failed: (error: ApiError) => void): () => void {
    const number = ++this.#lastSubscription;
    const subscription = { name, input, next, failed, started: Promise.resolve() };
    this.#subscriptions.set(number, subscription);
    if (this.#stream !== undefined) this.#start(number, subscription, this.#stream);
    else if (!this.#connection) void this.#connect();
    return () => this.#end(number);
  }

  /** Sends a request; rejects with an `ApiError` unless it succeeded. */
  async send(path: string, method: string, body?: BodyInit, signal?: AbortSignal): Promise<Response> {
    const json: Record<string, string> = typeof body === "string" ? { "content-type": "application/json" } : {};
    const headers = { ...this.#headers, ...json };
    let response: Response;
    try {
      response = await fetch(this.#base + path, { method, headers, body: body ?? null, signal: signal ?? null });
    } catch (cause) {
      throw unreachable(String(cause));
    }
    if (!response.ok) throw await errorOf(response);
    return response;
  }

  onReach(listener: (reach: Reach) => void): void {
    this.#tellReach = listener;
  }

  /** The address of an image. */
  pixelUrl(image: ImageId, edge: PixelEdge): string {
    return `${this.#base}/thumb/${image}/${edge}`;
  }

  exported(fileName: string): string {
    return `${this.#base}/download/export?name=${encodeURIComponent(fileName)}`;
  }

  metrics(run: RunId): string {
    return `${this.#base}/download/metrics?run=${run}`;
  }

  #start(number: number, subscription: Subscription, stream: string) {
    const { name, input } = subscription;
    subscription.started = this.send(`/api/stream/${stream}/${number}`, "POST", JSON.stringify({ name, input })).then(
      () => undefined,
      (error: ApiError) => {
        // Without a connection, it is started again with the next one.
        if (this.#stream !== stream || error.code === "unreachable") return;
        this.#forget(number);
        subscription.failed(error);
      },
    );
  }

  #end(number: number) {
    const subscription = this.#subscriptions.get(number);
    if (!subscription) return;
    this.#forget(number);
    const stream = this.#stream;
    // The stream may have ended, and the subscription with it.
    const end = () => this.send(`/api/stream/${stream}/${number}`, "DELETE").catch(() => undefined);
    if (stream !== undefined && this.#connection) void subscription.started.then(end);
  }

  #forget(number: number) {
    this.#subscriptions.delete(number);
    if (this.#subscriptions.size === 0) this.#disconnect();
  }

  #disconnect() {
    this.#connection?.abort();
    this.#connection = undefined;
    this.#stream = undefined;
  }

  /** Keeps a stream open while there are subscriptions. */
  async #connect() {
    const connection = new AbortController();
    this.#connection = connection;
    let wait = FIRST_WAIT;
    while (this.#connection === connection) {
      try {
        await this.#follow(connection.signal, () => {
          this.#reached("connected");
          if (this.#hasMissed) this.#tellMissed();
          this.#hasMissed = false;
          wait = FIRST_WAIT;
        });
      } catch (cause) {
        if (this.#connection !== connection) return;
        const error = cause as ApiError;
        if (error.code === "signed_out") return this.#fail(error);
      }
      if (this.#connection !== connection) return;
      this.#stream = undefined;
      this.#hasMissed = true;
      this.#reached("lost");
      await new Promise((resume) => setTimeout(resume, wait * (0.75 + Math.random() / 2)));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  }

  /** Reads one stream to its end. */
  async #follow(stop: AbortSignal, opened: () => void) {
    const silent = new AbortController();
    this.#restart = () => {
      this.#restart = undefined;
      silent.abort();
    };
    const response = await this.send("/api/stream", "GET", undefined, AbortSignal.any([stop, silent.signal]));
    const parser = createParser({
      onEvent: ({ event, data }) => {
        if (event === "opened") {
          this.#stream = data;
          for (const [number, subscription] of this.#subscriptions) this.#start(number, subscription, data);
          opened();
        } else if (event === "message") {
          this.#receive(JSON.parse(data) as Message);
        }
      },
    });
    if (!response.body) throw unreachable("the stream has no body");
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const timer = setTimeout(() => silent.abort(), SILENCE);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      parser.feed(value);
    }
  }

  #receive(message: Message) {
    const number = message.subscription;
    const subscription = this.#subscriptions.get(number);
    if (!subscription) return;
    if ("value" in message) return subscription.next(message.value);
    this.#forget(number);
    if ("error" in message) subscription.failed(message.error);
  }

  #tellMissed() {
    for (const { name, next } of this.#subscriptions.values()) {
      if (name === "events") for (const event of MISSED) next(event as never);
    }
  }

  #reached(reach: Reach) {
    if (this.#reach === reach) return;
    this.#reach = reach;
    this.#tellReach(reach);
  }

  #fail(error: ApiError) {
    this.#hasMissed = true;
    this.#reached("signed_out");
    const subscriptions = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    this.#disconnect();
    for (const { failed } of subscriptions) failed(error);
  }
}

/** The core at `base`, a server's address or empty for the page's own. */
export function openHttp(base = "", headers: Record<string, string> = {}): HttpTransport {
  return new HttpTransport(base.replace(/\/+$/, ""), headers);
}

function unreachable(message: string): ApiError {
  return { code: "unreachable", message };
}

async function errorOf(response: Response): Promise<ApiError> {
  if (response.status === 401) return { code: "signed_out", message: "open Fieldmark by a new link" };
  const text = await response.text().catch(() => "");
  try {
    const error = JSON.parse(text) as Partial<ApiError>;
    if (error.code && error.message !== undefined) return error as ApiError;
  } catch {
    // It is not from Fieldmark, but from a proxy for instance.
  }
  return [502, 503, 504].includes(response.status)
    ? unreachable(`HTTP ${response.status}`)
    : { code: "internal", message: `HTTP ${response.status}` };
}
