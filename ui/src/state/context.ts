import { createContext } from "svelte";

import type { App } from "./app.svelte";

/** The `App` of the window. */
export const [useApp, provideApp] = createContext<App>();
