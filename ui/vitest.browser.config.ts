import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/** Tests that drive the window in a real browser on the real core. */
export default defineConfig({
  // The tests find things by the window's own words, in either language.
  plugins: [svelte()],
  test: {
    include: ["browser/**/*.test.ts"],
    environment: "node",
    globalSetup: "test/scenes.ts",
    // One browser at a time: they share the machine with whatever else is built on it.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What a poll waits for comes from the real core, on a machine that may be busy.
    expect: { poll: { timeout: 10_000 } },
  },
});
