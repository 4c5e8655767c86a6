import "@fontsource-variable/inter/wght.css";
import "./tokens.css";
import "./base.css";

import { mount } from "svelte";

import AppWindow from "./App.svelte";
import { connectCore, type Core } from "./api/core";
import { App } from "./state/app.svelte";

async function connect(): Promise<Core> {
  if ("__TAURI_INTERNALS__" in window) return connectCore((await import("./api/tauri")).tauri);
  const transport = (await import("./api/http")).openHttp();
  return connectCore(transport, transport);
}

const target = document.getElementById("app");
if (target) {
  const app = new App(await connect());
  mount(AppWindow, { target, props: { app } });
  await app.start();
}
