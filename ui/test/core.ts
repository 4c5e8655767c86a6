/** A scene: the real core, served over HTTP from a library of its own. `fieldmark_tests::scenes` lists the parameters. */
import { inject, onTestFinished } from "vitest";

import { openHttp } from "../src/api/http";
import { connectCore, type Core } from "../src/api/core";

export interface Scene {
  id: number;
  /** Opens the window; once. */
  url: string;
  /** The library's database. */
  library: string;
  /** The folder of the originals. */
  photos: string;
  /** The base URLs of the simulated servers. */
  simulator: string[];
  close(): Promise<void>;
  /** Steers a simulated server: `answer`, `fail`, `fail-next`, `close`, `cancel-batches`. */
  steer(verb: string, server?: number, body?: unknown): Promise<void>;
}

async function post(path: string, body?: unknown): Promise<Response> {
  const response = await fetch(inject("scenes") + path, {
    method: "POST",
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response;
}

/** Opens the scene with these parameters, such as `images=240&priced&key`. */
export async function openScene(query = ""): Promise<Scene> {
  const scene = (await (await post(`/open?${query}`)).json()) as Omit<Scene, "close" | "steer">;
  return {
    ...scene,
    close: async () => void (await post(`/close?id=${scene.id}`)),
    steer: async (verb, server = 0, body) =>
      void (await post(`/simulator?id=${scene.id}&server=${server}&do=${verb}`, body)),
  };
}

/** The core of a scene, as the window uses it. */
export async function openCore(query = ""): Promise<{ core: Core; scene: Scene }> {
  const scene = await openScene(query);
  const { origin } = new URL(scene.url);
  // The link in `url` signs a browser in with a cookie.
  const response = await fetch(scene.url, { redirect: "manual" });
  const cookie = response.headers.get("set-cookie")?.split(";")[0];
  if (!cookie) throw new Error(`${scene.url} gave no session: ${response.status}`);
  const transport = openHttp(origin, { cookie, origin });
  return { core: connectCore(transport, transport), scene };
}

/** The core of a scene that is open until the current test has ended. */
export async function coreOf(query = ""): Promise<Core> {
  const { core, scene } = await openCore(query);
  onTestFinished(() => scene.close());
  return core;
}

/** Resolves once the window is told of events; the core begins with its runs. Before that, it may miss some. */
export function following(core: Core): Promise<void> {
  return new Promise((begun) => {
    const stop = core.on("runs_changed", () => {
      stop();
      begun();
    });
  });
}
