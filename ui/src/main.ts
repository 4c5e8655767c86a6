import "@fontsource-variable/inter/wght.css";
import "./tokens.css";
import "./base.css";

import { mount } from "svelte";

import AppWindow from "./App.svelte";
import { openSeam, type Seam } from "./ipc/seam";
import { App } from "./state/app.svelte";

async function connect(): Promise<Seam> {
  if ("__TAURI_INTERNALS__" in window) return openSeam((await import("./ipc/tauri")).tauri);
  const transport = (await import("./ipc/http")).openHttp();
  return openSeam(transport, transport);
}

const target = document.getElementById("app");
if (target) {
  const app = new App(await connect());
  mount(AppWindow, { target, props: { app } });
  await app.start();
}
