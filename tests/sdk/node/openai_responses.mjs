// openai for Node, at the door of the Responses API.

import assert from "node:assert/strict";
import OpenAI from "openai";
import { BASE, CITY, KEY, PNG, RESCUED, TEXT, WEATHER, WELL, cancelled, raised, requests, run, seen } from "./kit.mjs";

const client = new OpenAI({ baseURL: BASE + "/v1", apiKey: KEY });
const ask = (fields, options) => client.responses.create({ input: "hi", ...fields }, options);
const tools = [{ type: "function", name: "get_weather", parameters: CITY, strict: false }];
const weather = { input: [{ role: "user", content: WEATHER }], tools, tool_choice: "required" };
const OPEN = [...WELL, "native"];

/** Sends the result of the call that an answer is, with all that was said before it. */
async function told_the_weather(model, first) {
  const call = first.output.find((item) => item.type === "function_call");
  assert.ok("city" in JSON.parse(call.arguments), model);
  const result = { type: "function_call_output", call_id: call.call_id, output: "4 degrees, rain" };
  const second = await ask({ model, tools, input: [...weather.input, ...first.output, result] });
  assert.ok(second.output_text.trim(), model);
}

await run({
  async whole() {
    for (const model of OPEN) {
      const answer = await ask({ model, input: TEXT, instructions: "Answer plainly.", store: false });
      assert.ok(answer.output_text.trim() && answer.status === "completed" && answer.usage.total_tokens > 0, model);
    }
  },
  async stream() {
    for (const model of OPEN) {
      let [text, last, next] = ["", null, 0];
      for await (const event of await ask({ model, input: TEXT, stream: true })) {
        assert.equal(event.sequence_number, next++, model);
        if (event.type === "response.output_text.delta") text += event.delta;
        last = event;
      }
      assert.ok(text.trim() && last.type === "response.completed" && last.response.usage.output_tokens > 0, model);
    }
  },
  async accumulated_stream() {
    for (const model of OPEN) {
      let text = "";
      const stream = client.responses.stream({ model, input: TEXT });
      stream.on("response.output_text.delta", (event) => (text += event.delta));
      const final = await stream.finalResponse();
      assert.ok(text.trim() && final.output_text === text, model);
    }
  },
  async tools() {
    for (const model of OPEN) await told_the_weather(model, await ask({ model, ...weather }));
  },
  async streamed_tools() {
    for (const model of OPEN) {
      await told_the_weather(model, await client.responses.stream({ model, ...weather }).finalResponse());
    }
  },
  async structured() {
    const format = { type: "json_schema", name: "place", strict: true, schema: CITY };
    for (const model of OPEN) {
      const answer = await client.responses.parse({ model, input: "I live in Oslo.", text: { format } });
      assert.ok("city" in answer.output_parsed, model);
    }
  },
  async image() {
    const picture = { type: "input_image", detail: "auto", image_url: "data:image/png;base64," + PNG };
    const content = [{ type: "input_text", text: "What is this?" }, picture];
    const answer = await ask({ model: "see-anthropic", input: [{ role: "user", content }] });
    assert.equal(answer.output_text, "A cat.");
    const { source } = (await seen("see-anthropic")).asked.at(-1).messages[0].content[1];
    assert.deepEqual(source, { type: "base64", media_type: "image/png", data: PNG });
  },
  async error_classes() {
    const stranger = client.withOptions({ apiKey: "sk-wrong" });
    for (const [kind, work] of [
      [OpenAI.BadRequestError, () => ask({ model: "picky" })],
      [OpenAI.BadRequestError, () => ask({ model: "openai", input: 5 })],
      [OpenAI.AuthenticationError, () => stranger.responses.create({ model: "openai", input: "hi" })],
      [OpenAI.NotFoundError, () => ask({ model: "nobody" })],
      [OpenAI.InternalServerError, () => ask({ model: "busy" })],
      [OpenAI.InternalServerError, () => ask({ model: "down" })],
      [OpenAI.InternalServerError, () => ask({ model: "down", stream: true })],
    ]) {
      await requests(1, () => raised(kind, work));
    }
  },
  async what_is_stored_elsewhere_is_named() {
    const error = await raised(OpenAI.BadRequestError, () => ask({ model: "anthropic", previous_response_id: "resp_1" }));
    assert.equal(error.param, "previous_response_id");
  },
  async a_rescued_stream_is_whole() {
    let [said, whole] = ["", null];
    for await (const event of await ask({ model: "rescued", stream: true })) {
      if (event.type === "response.output_text.delta") said += event.delta;
      if (event.type === "response.completed") whole = event.response.output[0].content[0].text;
    }
    assert.equal(said, RESCUED);
    assert.equal(whole, RESCUED);
  },
  async broken_streams_raise() {
    for (const model of ["cut", "early"]) {
      let said = "";
      const read = async () => {
        for await (const event of await ask({ model, stream: true })) {
          if (event.type === "response.output_text.delta") said += event.delta;
        }
      };
      const error = await requests(1, () => raised(OpenAI.APIError, read));
      assert.equal(said, "Hello");
      assert.match(error.message, /incomplete/);
    }
  },
  async cancellation() {
    await cancelled(async () => {
      for await (const event of await ask({ model: "slow", stream: true })) {
        if (event.type === "response.output_text.delta") break;
      }
    });
  },
});
