/** Starts Vite's development server for all browser tests and tells them where it is. */
import { mkdtemp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { createServer } from "vite";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    address: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // A cache of its own: two servers on one would take each other's modules away.
  const cacheDir = await mkdtemp(fileURLToPath(new URL("../node_modules/.vite-browser-", import.meta.url)));
  const server = await createServer({
    configFile: fileURLToPath(new URL("../vite.config.ts", import.meta.url)),
    root: fileURLToPath(new URL("..", import.meta.url)),
    cacheDir,
    logLevel: "error",
    // A free port of the system's choice, and no reloading under a test when a file changes.
    // By number: not every machine can look "localhost" up.
    server: { host: "127.0.0.1", port: 0, strictPort: false, hmr: false, watch: null },
  });
  await server.listen();
  const address = server.resolvedUrls?.local[0];
  if (!address) throw new Error("the development server has no address");
  project.provide("address", address);
  await server.warmupRequest("/src/main.ts");
  return async () => {
    await server.close();
    await rm(cacheDir, { recursive: true });
  };
}
