/** Builds the window once, with the core in memory, serves it for all browser tests, and tells them where it is. */
import { mkdtemp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { build, preview } from "vite";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    address: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const outDir = await mkdtemp(fileURLToPath(new URL("../node_modules/.vite-browser-", import.meta.url)));
  const files = {
    configFile: fileURLToPath(new URL("../vite.config.ts", import.meta.url)),
    root: fileURLToPath(new URL("..", import.meta.url)),
    // Any other than the product's has the core in memory.
    mode: "browser",
    logLevel: "error",
  } as const;
  // One bundle, because a test that opens a window waits for every single module otherwise; and as the product's is
  // built: in its watchful form Svelte keeps what it has watched, and a window grows with every image it shows.
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = "production";
  await build({ ...files, build: { outDir, emptyOutDir: true } });
  process.env.NODE_ENV = NODE_ENV;
  // A free port of the system's choice. By number: not every machine can look "localhost" up.
  const server = await preview({
    ...files,
    build: { outDir },
    preview: { host: "127.0.0.1", port: 0, strictPort: false },
  });
  const address = server.resolvedUrls?.local[0];
  if (!address) throw new Error("the server has no address");
  project.provide("address", address);
  return async () => {
    await server.close();
    await rm(outDir, { recursive: true });
  };
}
