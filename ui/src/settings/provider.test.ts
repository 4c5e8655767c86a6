import { describe, expect, it, vi } from "vitest";

import type { ConnectionCheck } from "../api/bindings";
import { words } from "../messages";
import { App } from "../state/app.svelte";
import { coreOf } from "../../test/core";
import { ConnectionSettings, isOurs } from "./provider.svelte";

const PROVIDER = "anthropic";
/** An address at which no server answers. */
const NOBODY = "http://127.0.0.1:1";
const KEY = "sk-ant-api03-not-to-be-found";

async function opened(query = ""): Promise<{ app: App; connecting: ConnectionSettings }> {
  const app = new App(await coreOf(query));
  await app.start();
  return { app, connecting: new ConnectionSettings(app, PROVIDER) };
}

describe("a key", () => {
  it("is handed over and nowhere kept", async () => {
    const { app, connecting } = await opened();
    expect(connecting.mayEnterKey).toBe(true);
    expect(await connecting.keep(KEY)).toBe(true);
    expect(app.connections.to(PROVIDER)?.key).toBe("session");
    expect(connecting.mayEnterKey).toBe(false);
    expect(
      reachable([app, connecting, app.notices.list, app.connections.overview, app.settings.current]),
    ).not.toContain(KEY);
  });

  it("can be replaced and forgotten where it is ours", async () => {
    const { app, connecting } = await opened();
    await connecting.keep("sk-ant-api03-of-before");
    connecting.isReplacing = true;
    expect(connecting.mayEnterKey).toBe(true);
    await connecting.keep(KEY);
    expect(connecting.isReplacing).toBe(false);
    await connecting.forget();
    expect(app.connections.to(PROVIDER)?.key).toBeNull();
    expect(connecting.mayEnterKey).toBe(true);
  });

  it("of the environment can be neither", async () => {
    const { connecting } = await opened("environment");
    expect(connecting.hasOwnKey).toBe(false);
    expect(connecting.mayEnterKey).toBe(false);
    connecting.isReplacing = true;
    expect(connecting.mayEnterKey).toBe(false);
  });

  it("that could not be kept is told of, without the key", async () => {
    const { app, connecting } = await opened();
    app.core.keepKey = () => Promise.reject({ code: "key", message: "the keychain is locked" });
    expect(await connecting.keep(KEY)).toBe(false);
    expect(app.notices.list.map(({ text }) => text)).toEqual([words.errors.key]);
  });
});

describe("what the server says", () => {
  it("is shown until something makes it old", async () => {
    const { connecting } = await opened("key");
    await connecting.test();
    expect(connecting.check?.kind).toBe("works");
    await connecting.saveAddress(NOBODY);
    expect(connecting.check).toBeNull();
    await connecting.test();
    expect(connecting.check?.kind).toBe("unreachable");
    await connecting.keep("sk-ant-wrong");
    expect(connecting.check).toBeNull();
  });

  it("is dropped when it comes after a change", async () => {
    const { connecting } = await opened("key");
    const asked = connecting.test();
    await connecting.saveAddress(NOBODY);
    await asked;
    expect(connecting.check).toBeNull();
    expect(connecting.isChecking).toBe(false);
  });

  it("is put in words of its own for each case", () => {
    const model = "claude-haiku-5-5";
    const detail = "HTTP 418";
    const checks: ConnectionCheck[] = [
      { kind: "works", model, model_count: 14, with_key: true },
      { kind: "no_key" },
      { kind: "local_only" },
      { kind: "unusable", detail },
      { kind: "key_rejected" },
      { kind: "not_permitted", detail },
      { kind: "no_credit", detail },
      { kind: "unknown_model", model, available: ["claude-opus-5-5"] },
      { kind: "unknown_model", model, available: [] },
      { kind: "not_such_a_server", detail },
      { kind: "unreachable", detail },
      { kind: "server_failing", detail },
    ];
    const said = checks.map((check) => words.settings.check(check, "localhost:8787"));
    expect(new Set(said).size).toBe(checks.length);
  });
});

it("takes an address, and an empty one as the vendor's own", async () => {
  const { app, connecting } = await opened("key");
  await connecting.saveAddress("  http://localhost:8787 ");
  expect(app.connections.settingsOf(PROVIDER).base_url).toBe("http://localhost:8787");
  expect(app.connections.to(PROVIDER)?.base_url_from).toBe("settings");
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  expect(await connecting.saveAddress("no address")).toBe(false);
  expect(app.notices.list.map(({ text }) => text)).toEqual([words.errors.address]);
  expect(app.connections.settingsOf(PROVIDER).base_url).toBe("http://localhost:8787");
  await connecting.saveAddress("");
  expect(app.connections.settingsOf(PROVIDER).base_url).toBeNull();
  expect(app.connections.to(PROVIDER)?.base_url_from).toBe("default");
});

it("takes a region where the vendor has a server in each", async () => {
  const { app } = await opened();
  const connecting = new ConnectionSettings(app, "bedrock");
  const standing = () => app.connections.to("bedrock");
  expect([standing()?.region, standing()?.base_url_from]).toEqual(["us-east-1", "default"]);
  expect(await connecting.saveAddress(" eu-west-1 ")).toBe(true);
  expect([standing()?.region, standing()?.host]).toEqual(["eu-west-1", "bedrock-mantle.eu-west-1.api.aws"]);
  expect(await connecting.saveAddress("https://bedrock.example.com/anthropic")).toBe(true);
  expect([standing()?.region, standing()?.host]).toEqual([null, "bedrock.example.com"]);
});

it("leaves to the environment what is from there", () => {
  expect(isOurs("default") && isOurs("settings")).toBe(true);
  expect(isOurs("variable") || isOurs("dot_env")).toBe(false);
});

/** Every string that can be reached from these values. */
function reachable(roots: unknown[]): string {
  const seen = new Set<unknown>();
  const strings: string[] = [];
  const queue = [...roots];
  while (queue.length > 0) {
    const value = queue.pop();
    if (typeof value === "string") strings.push(value);
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof Map || value instanceof Set) queue.push(...value.keys(), ...value.values());
    for (const name of Reflect.ownKeys(value)) queue.push((value as Record<PropertyKey, unknown>)[name]);
  }
  return strings.join("\n");
}
