// Drives a running simulator with Anthropic's own TypeScript client, and fails if that client misunderstands anything.
//
//     npm ci
//     node check.mjs http://127.0.0.1:8317

import assert from "node:assert/strict";

import Anthropic from "@anthropic-ai/sdk";
import { PNG } from "pngjs";

const baseURL = process.argv[2];
const model = "claude-sonnet-5-5";
const drawn = { red: [40, 30, 200, 150, 0xff0000], blue: [300, 120, 520, 400, 0x0000ff] };
const client = (apiKey = "sk-any", options = {}) => new Anthropic({ apiKey, baseURL, maxRetries: 0, ...options });
const faults = (...wanted) => fetch(`${baseURL}/simulator/faults`, { method: "POST", body: JSON.stringify(wanted) });

function image() {
  const png = new PNG({ width: 640, height: 480 });
  png.data.fill(0xaa);
  for (const [left, top, right, bottom, colour] of Object.values(drawn)) {
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        png.data.writeUIntBE(colour, (y * png.width + x) * 4, 3);
      }
    }
  }
  for (let alpha = 3; alpha < png.data.length; alpha += 4) png.data[alpha] = 0xff;
  return PNG.sync.write(png).toString("base64");
}

const integer = { type: "integer" };
const schema = {
  type: "object",
  additionalProperties: false,
  required: ["marks"],
  properties: {
    marks: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["label", "x1", "y1", "x2", "y2"],
        properties: { label: { type: "string", enum: Object.keys(drawn) }, x1: integer, y1: integer, x2: integer, y2: integer },
      },
    },
  },
};
const source = { type: "base64", media_type: "image/png", data: image() };
const request = {
  model,
  max_tokens: 4096,
  messages: [{ role: "user", content: [{ type: "image", source }, { type: "text", text: "Annotate." }] }],
  output_config: { effort: "low", format: { type: "json_schema", schema } },
};
const textOf = (message) => message.content.find((block) => block.type === "text").text;

function checkMarks(text) {
  const { marks } = JSON.parse(text);
  assert.deepEqual(marks.map((mark) => mark.label).sort(), Object.keys(drawn).sort());
  for (const { label, x1, y1, x2, y2 } of marks) {
    [x1, y1, x2, y2].forEach((edge, index) => assert.ok(Math.abs(edge - drawn[label][index]) <= 1, label));
  }
}

const refused = async (act, kind, status) => {
  const error = await act().then(() => assert.fail(`expected ${status}`), (thrown) => thrown);
  assert.ok(error instanceof kind, `${error}`);
  assert.equal(error.status, status);
};

const checks = {
  async plain() {
    const message = await client().messages.create(request);
    assert.equal(message.stop_reason, "end_turn");
    checkMarks(textOf(message));
  },
  async streamed() {
    const stream = client().messages.stream(request);
    let partial = "";
    stream.on("text", (delta) => (partial += delta));
    const message = await stream.finalMessage();
    assert.equal(partial, textOf(message));
    assert.ok(message.usage.output_tokens > 1);
    checkMarks(partial);
  },
  async counted() {
    const { max_tokens: _, ...counted } = request;
    const { input_tokens: count } = await client().messages.countTokens(counted);
    assert.equal(count, (await client().messages.create(request)).usage.input_tokens);
  },
  async catalogue() {
    const ids = [];
    for await (const listed of client().models.list({ limit: 3 })) ids.push(listed.id);
    assert.ok(ids.includes(model) && ids.length > 10);
  },
  async errors() {
    const ask = () => client().messages.create(request);
    await refused(() => client("sk-simulated-wrong").messages.create(request), Anthropic.AuthenticationError, 401);
    await refused(() => client("sk-simulated-no-credit").messages.create(request), Anthropic.APIError, 402);
    await refused(() => client().messages.create({ ...request, colour: 1 }), Anthropic.BadRequestError, 400);
    await refused(() => client().messages.create({ ...request, model: "claude-imaginary-1" }), Anthropic.NotFoundError, 404);
    await faults({ fault: "rate_limited", retry_after_seconds: 2 }, { fault: "overloaded" });
    await refused(ask, Anthropic.RateLimitError, 429);
    await refused(ask, Anthropic.InternalServerError, 529);
  },
  async brokenStreams() {
    for (const fault of ["error_in_stream", "broken", "truncated"]) {
      await faults({ fault, after_events: 4 });
      await assert.rejects(client().messages.stream(request).finalMessage(), fault);
    }
    await faults({ fault: "refusal" });
    assert.equal((await client().messages.stream(request).finalMessage()).stop_reason, "refusal");
  },
};

for (const [name, check] of Object.entries(checks)) {
  await check();
  console.log(`ok: ${name}`);
}
console.log(`${Object.keys(checks).length} checks passed`);
