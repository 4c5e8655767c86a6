import { describe, expect, it } from "vitest";

import type { ConnectionCheck } from "../ipc/bindings";
import { openFake } from "../ipc/fake";
import { words } from "../messages";
import { App } from "../state/app.svelte";
import { ClaudeSettings, isOurs } from "./claude.svelte";

const KEY = "sk-ant-api03-not-to-be-found";

async function opened(query = ""): Promise<{ app: App; claude: ClaudeSettings }> {
  const app = new App(openFake(query));
  await app.start();
  return { app, claude: new ClaudeSettings(app) };
}

describe("a key", () => {
  it("is handed over and nowhere kept", async () => {
    const { app, claude } = await opened();
    expect(claude.mayEnterKey).toBe(true);
    expect(await claude.keep(KEY)).toBe(true);
    expect(app.connection?.key).toBe("keychain");
    expect(claude.mayEnterKey).toBe(false);
    expect(reachable([app, claude, app.toasts, app.connection, app.settings])).not.toContain(KEY);
  });

  it("can be replaced and forgotten where it is ours", async () => {
    const { app, claude } = await opened("?key");
    claude.isReplacing = true;
    expect(claude.mayEnterKey).toBe(true);
    await claude.keep(KEY);
    expect(claude.isReplacing).toBe(false);
    await claude.forget();
    expect(app.connection?.key).toBeNull();
    expect(claude.mayEnterKey).toBe(true);
  });

  it("of the environment can be neither", async () => {
    const { claude } = await opened("?environment");
    expect(claude.hasOwnKey).toBe(false);
    expect(claude.mayEnterKey).toBe(false);
    claude.isReplacing = true;
    expect(claude.mayEnterKey).toBe(false);
  });

  it("that could not be kept is told of, without the key", async () => {
    const { app, claude } = await opened();
    app.seam.keepKey = () => Promise.reject({ code: "key", message: "the keychain is locked" });
    expect(await claude.keep(KEY)).toBe(false);
    expect(app.toasts.map(({ text }) => text)).toEqual([words.refusals.key]);
  });
});

describe("what the server says", () => {
  it("is shown until something makes it old", async () => {
    const { claude } = await opened("?key");
    await claude.test();
    expect(claude.check?.kind).toBe("works");
    await claude.saveAddress("http://nobody.example");
    expect(claude.check).toBeNull();
    await claude.test();
    expect(claude.check?.kind).toBe("unreachable");
    await claude.keep("sk-ant-wrong");
    expect(claude.check).toBeNull();
  });

  it("is dropped when it comes after a change", async () => {
    const { claude } = await opened("?key");
    const asked = claude.test();
    await claude.saveAddress("http://teapot.example");
    await asked;
    expect(claude.check).toBeNull();
    expect(claude.isChecking).toBe(false);
  });

  it("is put in words of its own for each case", () => {
    const model = "claude-haiku-5-5";
    const detail = "HTTP 418";
    const checks: ConnectionCheck[] = [
      { kind: "works", model, model_count: 14 },
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
  const { app, claude } = await opened("?key");
  await claude.saveAddress("  http://localhost:8787 ");
  expect(app.settings.base_url).toBe("http://localhost:8787");
  expect(app.connection?.base_url_from).toBe("settings");
  await claude.saveAddress("no address");
  expect(app.connection?.problem).not.toBeNull();
  await claude.saveAddress("");
  expect(app.settings.base_url).toBeNull();
  expect(app.connection?.base_url_from).toBe("default");
});

it("takes a number at once that makes sense", async () => {
  const { app, claude } = await opened();
  await claude.saveAtOnce("16");
  expect(app.connection?.concurrency).toBe(16);
  await claude.saveAtOnce("100");
  expect(claude.isAtOnceWrong).toBe(true);
  expect(app.settings.run?.concurrency).toBe(16);
  await claude.saveAtOnce("");
  expect(claude.isAtOnceWrong).toBe(false);
  expect(app.settings.run?.concurrency).toBeNull();
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
