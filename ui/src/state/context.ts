import { createContext } from "svelte";

import type { App } from "./app.svelte";

/** The one `App`, for every component below the window. */
export const [useApp, provideApp] = createContext<App>();
