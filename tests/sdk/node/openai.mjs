// openai for Node, at the OpenAI door.

import assert from "node:assert/strict";
import OpenAI from "openai";
import { BASE, CITY, KEY, PNG, RESCUED, TEXT, WEATHER, WELL, cancelled, raised, requests, run, seen } from "./kit.mjs";

const client = new OpenAI({ baseURL: BASE + "/v1", apiKey: KEY });
const ask = (fields, options) =>
  client.chat.completions.create({ messages: [{ role: "user", content: "hi" }], ...fields }, options);
const user = (content) => [{ role: "user", content }];
const tools = [{ type: "function", function: { name: "get_weather", description: "d", parameters: CITY } }];

await run({
  async chat() {
    for (const model of WELL) {
      const answer = await ask({ model, messages: user(TEXT) });
      assert.ok(answer.choices[0].message.content.trim(), model);
      assert.equal(answer.choices[0].finish_reason, "stop", model);
      assert.ok(answer.usage.total_tokens > 0, model);
    }
  },
  async stream() {
    for (const model of WELL) {
      let [text, finish, usage] = ["", null, null];
      const fields = { model, messages: user(TEXT), stream: true, stream_options: { include_usage: true } };
      for await (const chunk of await ask(fields)) {
        text += chunk.choices[0]?.delta.content ?? "";
        finish = chunk.choices[0]?.finish_reason ?? finish;
        usage = chunk.usage ?? usage;
      }
      assert.ok(text.trim() && finish === "stop" && usage.completion_tokens > 0, model);
    }
  },
  async tools() {
    for (const model of WELL) {
      const messages = user(WEATHER);
      const [first] = (await ask({ model, messages, tools, tool_choice: "required" })).choices;
      const [call] = first.message.tool_calls;
      assert.ok("city" in JSON.parse(call.function.arguments), model);
      assert.equal(first.finish_reason, "tool_calls", model);
      messages.push(first.message, { role: "tool", tool_call_id: call.id, content: "4 degrees, rain" });
      assert.ok((await ask({ model, messages, tools })).choices[0].message.content, model);
    }
  },
  async streamed_tools() {
    for (const model of WELL) {
      const fields = { model, messages: user(WEATHER), tools, tool_choice: "required" };
      const final = await client.chat.completions.stream(fields).finalChatCompletion();
      assert.ok("city" in JSON.parse(final.choices[0].message.tool_calls[0].function.arguments), model);
    }
  },
  async structured() {
    for (const model of WELL) {
      const response_format = { type: "json_schema", json_schema: { name: "place", strict: true, schema: CITY } };
      const answer = await ask({ model, messages: user("I live in Oslo."), response_format });
      assert.ok("city" in JSON.parse(answer.choices[0].message.content), model);
    }
  },
  async image() {
    const picture = { type: "image_url", image_url: { url: "data:image/png;base64," + PNG } };
    const messages = user([{ type: "text", text: "What is this?" }, picture]);
    const answer = await ask({ model: "see-anthropic", messages });
    assert.equal(answer.choices[0].message.content, "A cat.");
    const { source } = (await seen("see-anthropic")).asked.at(-1).messages[0].content[1];
    assert.deepEqual(source, { type: "base64", media_type: "image/png", data: PNG });
  },
  async models() {
    const names = (await client.models.list()).data.map((model) => model.id);
    assert.ok(WELL.every((name) => names.includes(name)));
  },
  async error_classes() {
    const stranger = client.withOptions({ apiKey: "sk-wrong" });
    for (const [kind, work] of [
      [OpenAI.BadRequestError, () => ask({ model: "picky" })],
      [OpenAI.BadRequestError, () => ask({ model: "openai", messages: "no list" })],
      [OpenAI.AuthenticationError, () => stranger.chat.completions.create({ model: "openai", messages: user("hi") })],
      [OpenAI.NotFoundError, () => ask({ model: "nobody" })],
      [OpenAI.InternalServerError, () => ask({ model: "busy" })],
      [OpenAI.InternalServerError, () => ask({ model: "down" })],
      [OpenAI.InternalServerError, () => ask({ model: "down", stream: true })],
    ]) {
      await requests(1, () => raised(kind, work));
    }
  },
  async a_rescued_stream_is_whole() {
    let said = "";
    for await (const chunk of await ask({ model: "rescued", stream: true })) {
      said += chunk.choices[0]?.delta.content ?? "";
    }
    assert.equal(said, RESCUED);
  },
  async broken_streams_raise() {
    for (const model of ["cut", "early"]) {
      let said = "";
      const read = async () => {
        for await (const chunk of await ask({ model, stream: true })) said += chunk.choices[0].delta.content;
      };
      const error = await requests(1, () => raised(OpenAI.APIError, read));
      assert.equal(said, "Hello");
      assert.match(error.message, /incomplete/);
    }
  },
  async cancellation() {
    await cancelled(async () => {
      for await (const chunk of await ask({ model: "slow", stream: true })) {
        assert.equal(chunk.choices[0].delta.content, "Hello");
        break;
      }
    });
  },
});
