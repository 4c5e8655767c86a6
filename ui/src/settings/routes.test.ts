import { describe, expect, it } from "vitest";

import { openFake } from "../ipc/fake";
import { App } from "../state/app.svelte";
import { ClaudeSettings } from "./claude.svelte";
import { FurtherRoutes, RouteDraft } from "./routes.svelte";

async function opened(query = "?key"): Promise<{ app: App; routes: FurtherRoutes }> {
  const app = new App(openFake(query));
  await app.start();
  return { app, routes: new FurtherRoutes(app) };
}

describe("a route as it is typed", () => {
  it("says which fields will not do", () => {
    const draft = new RouteDraft(null, null, ["Frankfurt"]);
    expect([...draft.wrong]).toEqual(["name", "base_url"]);
    draft.name = " Frankfurt ";
    draft.baseUrl = "eu.example.com";
    draft.pricePercent = "";
    draft.concurrency = "65";
    draft.limits.output_tokens = "-1";
    expect([...draft.wrong]).toEqual(["name", "base_url", "price_percent", "concurrency", "output_tokens"]);
  });

  it("becomes the route, and is made from it", () => {
    const draft = new RouteDraft(null, null, []);
    Object.assign(draft, { name: "Frankfurt", baseUrl: " https://eu.example.com ", modelPrefix: "anthropic." });
    draft.limits.requests = "1,000";
    const route = {
      name: "Frankfurt",
      base_url: "https://eu.example.com",
      model_prefix: "anthropic.",
      price_percent: 100,
      concurrency: null,
      key_env: null,
      limits: { requests: 1000, input_tokens: null, output_tokens: null },
    };
    expect(draft.wrong.size).toBe(0);
    expect(draft.route).toEqual(route);
    expect(new RouteDraft(0, route, []).route).toEqual(route);
  });
});

describe("further routes", () => {
  async function added(): Promise<{ app: App; routes: FurtherRoutes }> {
    const { app, routes } = await opened();
    routes.add();
    Object.assign(routes.draft as RouteDraft, { name: "Frankfurt", baseUrl: "https://eu.example.com" });
    expect(await routes.save()).toBe(true);
    return { app, routes };
  }

  it("ask before images go there, and wait for that", async () => {
    const { app, routes } = await added();
    expect(routes.askedHost).toBe("eu.example.com");
    routes.decline();
    expect(routes.listed).toMatchObject([{ awaitsAgreement: true, standing: { key: null } }]);
    routes.ask("eu.example.com");
    await routes.agree();
    expect(app.settings.agreed_hosts).toEqual(["eu.example.com"]);
    expect(routes.listed).toMatchObject([{ awaitsAgreement: false, standing: { problem: null } }]);
  });

  it("do not ask again about a server that is agreed to", async () => {
    const { routes } = await added();
    await routes.agree();
    routes.edit(0);
    (routes.draft as RouteDraft).pricePercent = "90";
    await routes.save();
    expect(routes.askedHost).toBeNull();
    expect(routes.listed[0]?.route.price_percent).toBe(90);
  });

  it("leave the other settings as they are", async () => {
    const { app, routes } = await opened("?key&routes");
    const claude = new ClaudeSettings(app);
    await claude.saveLimit("requests", "50");
    await claude.saveLimit("input_tokens", "2,000,000");
    await claude.saveLimit("output_tokens", "many");
    expect(claude.wrongLimit).toBe("output_tokens");
    await routes.remove(1);
    expect(app.settings.limits).toEqual({ requests: 50, input_tokens: 2_000_000, output_tokens: null });
    expect(app.settings.further_routes?.map(({ name }) => name)).toEqual(["Frankfurt", "Old gateway"]);
    await claude.saveLimit("requests", "");
    expect(app.settings.limits?.requests).toBeNull();
  });

  it("take their key along when they go, unless another one needs it", async () => {
    const { app, routes } = await opened("?key&routes");
    const forgotten: (string | null)[] = [];
    const { forgetKey } = app.seam;
    app.seam.forgetKey = (baseUrl) => {
      forgotten.push(baseUrl);
      return forgetKey(baseUrl);
    };
    routes.add();
    Object.assign(routes.draft as RouteDraft, { name: "Frankfurt, slowly", baseUrl: "https://eu.claude.example" });
    await routes.save();
    await routes.remove(3);
    expect(forgotten).toEqual([]);
    await routes.remove(0);
    expect(forgotten).toEqual(["https://eu.claude.example"]);
    await routes.remove(1);
    expect(forgotten).toHaveLength(1);
  });

  it("stay as they were when the core refuses the address", async () => {
    const { app, routes } = await opened();
    app.seam.changeSettings = () => Promise.reject({ code: "address", message: "" });
    routes.add();
    Object.assign(routes.draft as RouteDraft, { name: "Frankfurt", baseUrl: "http://eu.example.com" });
    expect(await routes.save()).toBe(false);
    expect(routes.draft?.name).toBe("Frankfurt");
    expect(routes.listed).toEqual([]);
  });
});
