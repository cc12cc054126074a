// @anthropic-ai/sdk for Node, at the Anthropic door.

import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import { BASE, CITY, KEY, PNG, RESCUED, TEXT, WEATHER, WELL, cancelled, raised, requests, run, seen } from "./kit.mjs";

const client = new Anthropic({ baseURL: BASE, apiKey: KEY });
const user = (content) => [{ role: "user", content }];
const fill = (fields) => ({ max_tokens: 300, messages: user("hi"), ...fields });
const ask = (fields) => client.messages.create(fill(fields));
const tools = [{ name: "get_weather", description: "Weather of a city", input_schema: CITY }];

await run({
  async chat() {
    for (const model of WELL) {
      const answer = await ask({ model, messages: user(TEXT) });
      assert.ok(answer.content[0].text.trim() && answer.usage.output_tokens > 0, model);
      assert.equal(answer.stop_reason, "end_turn", model);
    }
  },
  async stream() {
    for (const model of WELL) {
      const final = await client.messages.stream(fill({ model, messages: user(TEXT), system: "Plainly." })).finalMessage();
      assert.ok(final.content[0].text.trim() && final.usage.output_tokens > 0, model);
      assert.equal(final.stop_reason, "end_turn", model);
    }
  },
  async tools() {
    for (const model of WELL) {
      const messages = user(WEATHER);
      const first = await ask({ model, messages, tools, tool_choice: { type: "any" } });
      const use = first.content.find((block) => block.type === "tool_use");
      assert.ok("city" in use.input && first.stop_reason === "tool_use", model);
      const result = { type: "tool_result", tool_use_id: use.id, content: "4 degrees, rain" };
      messages.push({ role: "assistant", content: first.content }, { role: "user", content: [result] });
      assert.ok((await ask({ model, messages, tools })).content[0].text, model);
    }
  },
  async streamed_tools() {
    for (const model of WELL) {
      const fields = fill({ model, messages: user(WEATHER), tools, tool_choice: { type: "any" } });
      const final = await client.messages.stream(fields).finalMessage();
      assert.ok(final.content.some((block) => block.type === "tool_use" && "city" in block.input), model);
    }
  },
  async structured() {
    for (const model of WELL) {
      const output_config = { format: { type: "json_schema", schema: CITY } };
      const answer = await ask({ model, messages: user("I live in Oslo."), output_config });
      assert.ok("city" in JSON.parse(answer.content[0].text), model);
    }
  },
  async image() {
    const source = { type: "base64", media_type: "image/png", data: PNG };
    const content = [{ type: "image", source }, { type: "text", text: "What is this?" }];
    const answer = await ask({ model: "see-openai", messages: user(content) });
    assert.equal(answer.content[0].text, "A cat.");
    const { url } = (await seen("see-openai")).asked.at(-1).messages[0].content[0].image_url;
    assert.equal(url, "data:image/png;base64," + PNG);
  },
  async models_and_tokens() {
    const names = (await client.models.list()).data.map((model) => model.id);
    assert.ok(WELL.every((name) => names.includes(name)));
    const count = await client.messages.countTokens({ model: "anthropic", messages: user(TEXT) });
    assert.ok(count.input_tokens > 5);
  },
  async error_classes() {
    const stranger = new Anthropic({ baseURL: BASE, apiKey: "sk-wrong" });
    for (const [kind, work] of [
      [Anthropic.BadRequestError, () => ask({ model: "picky" })],
      [Anthropic.BadRequestError, () => ask({ model: "openai", messages: "no list" })],
      [Anthropic.AuthenticationError, () => stranger.messages.create(fill({ model: "openai" }))],
      [Anthropic.NotFoundError, () => ask({ model: "nobody" })],
      [Anthropic.InternalServerError, () => ask({ model: "busy" })],
      [Anthropic.InternalServerError, () => ask({ model: "down" })],
      [Anthropic.InternalServerError, () => ask({ model: "down", stream: true })],
    ]) {
      await requests(1, () => raised(kind, work));
    }
  },
  async a_rescued_stream_is_whole() {
    const final = await client.messages.stream(fill({ model: "rescued" })).finalMessage();
    assert.deepEqual([final.content[0].text, final.stop_reason], [RESCUED, "end_turn"]);
  },
  async broken_streams_raise() {
    for (const model of ["cut", "early"]) {
      let said = "";
      const read = () =>
        client.messages
          .stream(fill({ model }))
          .on("text", (text) => (said += text))
          .finalMessage();
      const error = await requests(1, () => raised(Anthropic.APIError, read));
      assert.equal(said, "Hello");
      assert.match(error.message, /incomplete/);
    }
  },
  async cancellation() {
    await cancelled(async () => {
      for await (const event of await ask({ model: "slow", stream: true })) {
        if (event.type === "content_block_delta") break;
      }
    });
  },
});
