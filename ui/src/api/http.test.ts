/** The transport of a browser, in Node, with a real server. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { apiOver, type ApiError, type CoreEvent } from "./bindings";
import { program } from "../../test/programs";
import { openHttp, type HttpTransport } from "./http";
import { upload } from "./upload";

const PROGRAM = program("fieldmark");
const CAT = resolve(import.meta.dirname, "../../../samples/chelsea.jpg");
/** Only ends what hangs. */
const PATIENCE = { timeout: 20_000 };

let folder: string;
let server: ChildProcessByStdio<null, Readable, null>;
let links: AsyncIterator<string>;
/** The server's address. */
let address: URL;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fieldmark-http-"));
  const db = join(folder, "library.sqlite");
  const env = { PATH: process.env.PATH, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
  server = spawn(PROGRAM, ["serve", "--db", db, "--create", "--port", "0"], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  links = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  address = new URL(new URL(await nextLink()).origin);
});

afterAll(async () => {
  const ended = new Promise((end) => server.once("exit", end));
  server.kill("SIGINT");
  await ended;
  rmSync(folder, { recursive: true });
});

async function nextLink(): Promise<string> {
  const line = (await links.next()).value as string | undefined;
  if (line === undefined) throw new Error(`${PROGRAM} printed no link`);
  return line.replace("Fieldmark at ", "");
}

/** The cookie of a new session. */
async function signIn(): Promise<string> {
  server.kill("SIGUSR1");
  const reply = await fetch(await nextLink(), { redirect: "manual" });
  return String(reply.headers.getSetCookie()[0]).replace(/;.*/, "");
}

async function openWindow(base = address.origin): Promise<HttpTransport> {
  return openHttp(base, { cookie: await signIn(), origin: base });
}

/** The events of a window. */
function follow(transport: HttpTransport) {
  const events: CoreEvent[] = [];
  const errors: ApiError[] = [];
  const end = apiOver(transport).events(
    (event) => events.push(event),
    (error) => errors.push(error),
  );
  const kinds = () => events.map((event) => event.kind);
  return { events, errors, end, kinds };
}

describe("calls", () => {
  it("resolve with the result or reject with the core's error", async () => {
    const api = apiOver(await openWindow());
    expect(await api.frontEnd()).toEqual({
      is_desktop: false,
      is_read_only: false,
      roots: [],
      ended_unexpectedly: false,
    });
    await expect(api.chooseFolders()).rejects.toMatchObject({ code: "desktop_only" });
    await expect(api.folders("/etc")).rejects.toMatchObject({ code: "outside_roots" });
  });

  it("say that the session has ended, or that the server is unreachable", async () => {
    const stranger = apiOver(openHttp(address.origin, { origin: address.origin }));
    await expect(stranger.frontEnd()).rejects.toMatchObject({ code: "signed_out" });
    await expect(apiOver(openHttp("http://127.0.0.1:1")).frontEnd()).rejects.toMatchObject({ code: "unreachable" });
  });
});

describe("subscriptions", () => {
  it("share a stream, and end by themselves", async () => {
    const transport = await openWindow();
    const following = follow(transport);
    await vi.waitFor(() => expect(following.kinds()).toContain("runs_changed"), PATIENCE);
    const failed = await new Promise<ApiError>((fail) => apiOver(transport).runProgress(() => undefined, fail, 99));
    expect(failed.code).toBe("library");
    await apiOver(transport).importSamples();
    await vi.waitFor(() => expect(following.kinds()).toContain("library_changed"), PATIENCE);
    following.end();
    const count = following.events.length;
    await apiOver(transport).overview();
    expect(following.events.length).toBe(count);
    expect(following.errors).toEqual([]);
  });

  it("continue after the connection was lost, and the window asks again for what it may have missed", async () => {
    const proxy = await Proxy.open(Number(address.port));
    const following = follow(await openWindow(proxy.base));
    await vi.waitFor(() => expect(following.kinds()).toContain("runs_changed"), PATIENCE);
    following.events.length = 0;
    proxy.isBroken = true;
    proxy.cut();
    await vi.waitFor(() => expect(proxy.refused).toBeGreaterThan(1), PATIENCE);
    expect(following.kinds()).toEqual([]);
    proxy.isBroken = false;
    const missed = ["library_changed", "runs_changed", "settings_changed"];
    await vi.waitFor(() => expect(following.kinds().sort()).toEqual(missed), PATIENCE);
    following.events.length = 0;
    await apiOver(await openWindow()).importSamples();
    await vi.waitFor(() => expect(following.kinds()).toContain("library_changed"), PATIENCE);
    expect(following.errors).toEqual([]);
    following.end();
    proxy.close();
  });

  it("fail when the session ends", async () => {
    const transport = await openWindow();
    const following = follow(transport);
    await vi.waitFor(() => expect(following.kinds()).toContain("runs_changed"), PATIENCE);
    await transport.send("/sign-out", "POST");
    await vi.waitFor(() => expect(following.errors).toMatchObject([{ code: "signed_out" }]), PATIENCE);
  });
});

describe("uploads", () => {
  it("send files in their folders and import them", async () => {
    const transport = await openWindow();
    const api = apiOver(transport);
    const cat = new File([readFileSync(CAT), "changed"], "cat.jpg");
    const sent: number[] = [];
    const files = [{ name: "Holiday/1/día #1?.jpg", file: cat }];
    expect(await upload(transport, api, files, ({ sentBytes }) => sent.push(sentBytes))).toBe(true);
    expect(sent).toEqual([cat.size]);
    const names = async () => (await api.overview()).collections.map((collection) => collection.name);
    await vi.waitFor(async () => expect(await names()).toContain("Holiday"), PATIENCE);
  });

  it("import nothing if a file cannot be sent", async () => {
    const transport = await openWindow();
    const api = apiOver(transport);
    const files = ["a.jpg", "..\\b.jpg"].map((name) => ({ name, file: new File(["x"], name) }));
    await expect(upload(transport, api, files)).rejects.toMatchObject({ code: "invalid_input" });
    expect(await upload(transport, api, [])).toBe(false);
  });
});

/** Passes connections on to the server, until it is broken. */
class Proxy {
  isBroken = false;
  refused = 0;
  readonly #sockets = new Set<Socket>();
  readonly #listener;

  private constructor(port: number) {
    this.#listener = createServer((client) => {
      if (this.isBroken) {
        this.refused += 1;
        client.destroy();
        return;
      }
      const upstream = connect(port, "127.0.0.1");
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on("error", () => undefined);
      }
      client.pipe(upstream).pipe(client);
    });
  }

  static async open(port: number): Promise<Proxy> {
    const proxy = new Proxy(port);
    await new Promise<void>((listening) => proxy.#listener.listen(0, "127.0.0.1", listening));
    return proxy;
  }

  get base(): string {
    return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  cut() {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  close() {
    this.cut();
    this.#listener.close();
  }
}
