import { describe, expect, it, vi } from "vitest";

import { App } from "../state/app.svelte";
import { coreOf } from "../../test/core";
import { EndpointDraft, Endpoints } from "./endpoints.svelte";
import { ConnectionSettings } from "./provider.svelte";

const PROVIDER = "anthropic";

async function opened(query = "key"): Promise<{ app: App; endpoints: Endpoints }> {
  const app = new App(await coreOf(query));
  await app.start();
  return { app, endpoints: new Endpoints(app, PROVIDER) };
}

describe("an endpoint as it is typed", () => {
  it("says which fields will not do", () => {
    const draft = new EndpointDraft(null, null, ["Frankfurt"]);
    expect([...draft.wrong]).toEqual(["name", "base_url"]);
    draft.name = " Frankfurt ";
    draft.baseUrl = "eu.example.com";
    draft.pricePercent = "";
    draft.concurrency = "65";
    draft.limits.output_tokens = "-1";
    expect([...draft.wrong]).toEqual(["name", "base_url", "price_percent", "concurrency", "output_tokens"]);
  });

  it("becomes the endpoint, and is made from it", () => {
    const draft = new EndpointDraft(null, null, []);
    Object.assign(draft, { name: "Frankfurt", baseUrl: " https://eu.example.com ", modelPrefix: "anthropic." });
    draft.limits.requests = "1,000";
    const set = {
      name: "Frankfurt",
      base_url: "https://eu.example.com",
      model_prefix: "anthropic.",
      price_percent: 100,
      concurrency: null,
      key_env: null,
      limits: { requests: 1000, input_tokens: null, output_tokens: null },
    };
    expect(draft.wrong.size).toBe(0);
    expect(draft.set).toEqual(set);
    expect(new EndpointDraft(0, set, []).set).toEqual(set);
  });
});

describe("additional endpoints", () => {
  async function added(): Promise<{ app: App; endpoints: Endpoints }> {
    const { app, endpoints } = await opened();
    endpoints.add();
    Object.assign(endpoints.draft as EndpointDraft, { name: "Frankfurt", baseUrl: "https://eu.example.com" });
    expect(await endpoints.save()).toBe(true);
    return { app, endpoints };
  }

  it("ask before images go there, and wait for that", async () => {
    const { app, endpoints } = await added();
    expect(endpoints.askedHost).toBe("eu.example.com");
    endpoints.decline();
    expect(endpoints.listed).toMatchObject([{ awaitsAgreement: true, standing: { key: null } }]);
    endpoints.ask("eu.example.com");
    await endpoints.agree();
    expect(app.settings.current.agreed_hosts).toEqual(["eu.example.com"]);
    expect(endpoints.listed).toMatchObject([{ awaitsAgreement: false, standing: { problem: null } }]);
  });

  it("do not ask again about a server that is agreed to", async () => {
    const { endpoints } = await added();
    await endpoints.agree();
    endpoints.edit(0);
    (endpoints.draft as EndpointDraft).pricePercent = "90";
    await endpoints.save();
    expect(endpoints.askedHost).toBeNull();
    expect(endpoints.listed[0]?.set.price_percent).toBe(90);
  });

  it("leave the other settings as they are", async () => {
    const { app, endpoints } = await opened("key&endpoints");
    const connecting = new ConnectionSettings(app, PROVIDER);
    await connecting.saveLimit("requests", 50);
    await connecting.saveLimit("input_tokens", 2_000_000);
    await endpoints.remove(1);
    expect(app.connections.settingsOf(PROVIDER).limits).toMatchObject({ requests: 50, input_tokens: 2_000_000 });
    expect(app.connections.settingsOf(PROVIDER).endpoints?.map(({ name }) => name)).toEqual([
      "Frankfurt",
      "Old gateway",
    ]);
    await connecting.saveLimit("requests", null);
    expect(app.connections.settingsOf(PROVIDER).limits?.requests).toBeNull();
  });

  it("take their key along when they go, unless another one needs it", async () => {
    const { app, endpoints } = await opened();
    const forgetKey = vi.spyOn(app.core, "forgetKey");
    const baseUrl = "https://eu.claude.example";
    for (const name of ["Frankfurt", "Frankfurt, slowly"]) {
      endpoints.add();
      Object.assign(endpoints.draft as EndpointDraft, { name, baseUrl });
      await endpoints.save();
    }
    await app.core.keepKey(PROVIDER, baseUrl, "sk-ant-api03-of-frankfurt");
    await app.connections.load();
    expect(endpoints.listed.map(({ standing }) => standing?.key)).toEqual(["session", "session"]);
    await endpoints.remove(1);
    expect(forgetKey).not.toHaveBeenCalled();
    await endpoints.remove(0);
    expect(forgetKey.mock.calls).toEqual([[PROVIDER, baseUrl]]);
  });

  it("leave a key of the environment to it", async () => {
    const { app, endpoints } = await opened("key&endpoints");
    const forgetKey = vi.spyOn(app.core, "forgetKey");
    expect(endpoints.listed.map(({ standing }) => standing?.key)).toEqual(["variable", "variable", null]);
    await endpoints.remove(0);
    expect(endpoints.listed.map(({ set }) => set.name)).toEqual(["Second account", "Old gateway"]);
    expect(forgetKey).not.toHaveBeenCalled();
  });

  it("stay as they were when the core refuses the address", async () => {
    const { endpoints } = await opened();
    const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    endpoints.add();
    Object.assign(endpoints.draft as EndpointDraft, { name: "Frankfurt", baseUrl: "http://eu.example.com" });
    expect(await endpoints.save()).toBe(false);
    expect(warned).toHaveBeenCalledWith(expect.objectContaining({ code: "address" }));
    expect(endpoints.draft?.name).toBe("Frankfurt");
    expect(endpoints.listed).toEqual([]);
  });
});
