/** Every component in its states, for looking at: `npm run dev`, then /kit/ (`?light` for the light theme). */
import "@fontsource-variable/inter/wght.css";
import "../src/tokens.css";
import "../src/base.css";

import { mount } from "svelte";

import Kit from "./Kit.svelte";

document.documentElement.dataset.theme = location.search === "?light" ? "light" : "dark";
const target = document.getElementById("app");
if (target) mount(Kit, { target });
