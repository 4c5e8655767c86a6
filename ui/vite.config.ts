import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte()],
  clearScreen: false,
  server: { port: 1420, strictPort: true },
  // Assets stay files: the content security policy allows no data: URLs.
  build: { target: "safari16", assetsInlineLimit: 0 },
  // Long enough for a machine that builds beside it: it only ends what hangs.
  test: { include: ["src/**/*.test.ts"], globalSetup: "test/scenes.ts", testTimeout: 30_000 },
});
