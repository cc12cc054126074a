// Vercel's AI SDK with its OpenAI provider, at both of OpenAI's doors: Responses, which it takes unless told, and chat
// completions.

import assert from "node:assert/strict";
import { createOpenAI } from "@ai-sdk/openai";
import { APICallError, Output, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import { BASE, CITY, KEY, PNG, RESCUED, TEXT, WEATHER, WELL, cancelled, raised, requests, run, seen } from "./kit.mjs";

const at = (apiKey) => createOpenAI({ baseURL: BASE + "/v1", apiKey });
const responses = at(KEY);
const say = (model, fields) => generateText({ model, prompt: "hi", ...fields });
const tools = {
  get_weather: tool({ description: "d", inputSchema: jsonSchema(CITY), execute: async () => "4 degrees, rain" }),
};

/** What works alike at both doors; `door` takes one of the provider, and later turns need these `options`. */
const alike = (door, well, options) => {
  const models = door(responses);
  const ask = (name, fields) => say(models(name), fields);
  // Errors of streams come as parts; by default they are also printed.
  const follow = (name, fields) => streamText({ model: models(name), prompt: "hi", onError() {}, ...fields });
  return {
    async chat() {
      for (const name of well) {
        const answer = await ask(name, { prompt: TEXT });
        assert.ok(answer.text.trim() && answer.finishReason === "stop" && answer.usage.totalTokens > 0, name);
      }
    },
    async stream() {
      for (const name of well) {
        const answer = follow(name, { prompt: TEXT });
        let text = "";
        for await (const piece of answer.textStream) text += piece;
        assert.ok(text.trim() && (await answer.finishReason) === "stop", name);
        assert.ok((await answer.usage).outputTokens > 0, name);
      }
    },
    async tools() {
      for (const name of well) {
        const answer = await ask(name, { prompt: WEATHER, tools, stopWhen: stepCountIs(3), ...options });
        assert.ok(answer.text && answer.steps.some((step) => step.toolResults.length === 1), name);
      }
    },
    async streamed_tools() {
      for (const name of well) {
        const answer = follow(name, { prompt: WEATHER, tools, toolChoice: "required" });
        const [call] = await answer.toolCalls;
        assert.ok("city" in call.input, name);
      }
    },
    async structured() {
      for (const name of well) {
        const output = Output.object({ schema: jsonSchema(CITY) });
        const answer = await ask(name, { prompt: "I live in Oslo.", output });
        assert.ok("city" in answer.output, name);
      }
    },
    async image() {
      const content = [
        { type: "text", text: "What is this?" },
        { type: "image", image: Buffer.from(PNG, "base64") },
      ];
      const answer = await ask("see-anthropic", { prompt: undefined, messages: [{ role: "user", content }] });
      assert.equal(answer.text, "A cat.");
      const { source } = (await seen("see-anthropic")).asked.at(-1).messages[0].content[1];
      assert.deepEqual(source, { type: "base64", media_type: "image/png", data: PNG });
    },
    async error_classes() {
      for (const [status, work] of [
        [400, () => ask("picky")],
        [401, () => say(door(at("sk-wrong"))("openai"))],
        [404, () => ask("nobody")],
      ]) {
        const error = await requests(1, () => raised(APICallError, work));
        assert.equal(error.statusCode, status);
      }
    },
    async exhausted() {
      for (const name of ["busy", "down"]) {
        const error = await requests(1, () => raised(APICallError, () => ask(name, { maxRetries: 0 })));
        assert.equal(error.statusCode, 503);
      }
    },
    // It does not know `x-should-retry`, but waits as long as it is told: its own first pause would be two seconds.
    async its_own_retries_are_spaced() {
      const abortSignal = AbortSignal.timeout(3000);
      await requests(1, () => raised(Error, () => ask("down", { abortSignal })));
    },
    async a_rescued_stream_is_whole() {
      const answer = follow("rescued");
      let said = "";
      for await (const piece of answer.textStream) said += piece;
      assert.equal(said, RESCUED);
      assert.equal(await answer.finishReason, "stop");
    },
    async broken_streams_raise() {
      for (const name of ["cut", "early"]) {
        const errors = [];
        let said = "";
        await requests(1, async () => {
          for await (const part of follow(name).fullStream) {
            if (part.type === "text-delta") said += part.text;
            if (part.type === "error") errors.push(part.error);
          }
        });
        assert.equal(said, "Hello");
        assert.match(JSON.stringify(errors), /incomplete/);
      }
    },
    async cancellation() {
      await cancelled(async () => {
        const leave = new AbortController();
        for await (const piece of follow("slow", { abortSignal: leave.signal }).textStream) {
          assert.equal(piece, "Hello");
          leave.abort();
        }
      });
    },
  };
};

const under = (prefix, checks) => Object.fromEntries(Object.entries(checks).map(([name, check]) => [prefix + name, check]));
const round = (name, fields) => say(responses(name), { prompt: WEATHER, tools, stopWhen: stepCountIs(3), ...fields });
const kinds = ({ input }) => input.map((item) => item.type ?? item.role);
const unstored = { providerOptions: { openai: { store: false } } };

await run({
  ...under("chat_", alike((provider) => provider.chat, WELL)),
  ...under("responses_", alike((provider) => provider, [...WELL, "native"], unstored)),
  // Unless told otherwise it believes that every answer is stored, and sends of a text and of reasoning only where.
  async what_is_stored_is_referred_to_where_it_lies() {
    assert.equal((await round("stores")).text, "It rains.");
    const { asked } = await seen("stores");
    assert.deepEqual(kinds(asked.at(-1)), ["user", "item_reference", "item_reference", "function_call", "function_call_output"]);
    assert.deepEqual(asked.at(-1).input.slice(1, 3).map((item) => item.id), ["rs_1", "msg_1"]);
  },
  async another_provider_cannot_look_it_up() {
    const error = await raised(APICallError, () => round("looks"));
    assert.equal(error.statusCode, 400);
    assert.match(error.message, /store: false/);
    assert.equal(error.data.error.param, "input[2]");
  },
  async another_provider_is_told_what_is_not_stored() {
    assert.equal((await round("looks", unstored)).text, "It rains.");
    const said = (await seen("looks")).asked.at(-1).messages[1].content;
    assert.deepEqual(said.map((block) => block.type), ["thinking", "text", "tool_use"]);
    assert.equal(said[0].signature, "EqQB/+Z=");
  },
});
