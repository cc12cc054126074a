// @google/genai for Node, at the Gemini door.

import assert from "node:assert/strict";
import { ApiError, GoogleGenAI } from "@google/genai";
import { BASE, CITY, KEY, PNG, RESCUED, TEXT, WEATHER, WELL, cancelled, raised, requests, run, seen } from "./kit.mjs";

const connect = (apiKey, options) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: BASE, ...options } });
const client = connect(KEY);
const ask = (model, contents = "hi", config = {}) => client.models.generateContent({ model, contents, config });
const functions = [{ functionDeclarations: [{ name: "get_weather", description: "d", parametersJsonSchema: CITY }] }];
const MUST_CALL = { tools: functions, toolConfig: { functionCallingConfig: { mode: "ANY" } } };

await run({
  async chat() {
    for (const apiVersion of ["v1", "v1beta"]) {
      const one = connect(KEY, { apiVersion });
      for (const model of WELL) {
        const config = { systemInstruction: "Answer plainly.", maxOutputTokens: 300 };
        const answer = await one.models.generateContent({ model, contents: TEXT, config });
        assert.ok(answer.text.trim() && answer.usageMetadata.totalTokenCount > 0, model);
        assert.equal(answer.candidates[0].finishReason, "STOP", model);
      }
    }
  },
  async stream() {
    for (const model of WELL) {
      let [text, last] = ["", null];
      for await (const chunk of await client.models.generateContentStream({ model, contents: TEXT })) {
        text += chunk.text ?? "";
        last = chunk;
      }
      assert.ok(text.trim() && last.usageMetadata.candidatesTokenCount > 0, model);
      assert.equal(last.candidates[0].finishReason, "STOP", model);
    }
  },
  async tools() {
    for (const model of WELL) {
      const contents = [{ role: "user", parts: [{ text: WEATHER }] }];
      const first = await ask(model, contents, MUST_CALL);
      const [call] = first.functionCalls;
      assert.ok(call.name === "get_weather" && "city" in call.args, model);
      const functionResponse = { id: call.id, name: call.name, response: { result: "4 degrees, rain" } };
      contents.push(first.candidates[0].content, { role: "user", parts: [{ functionResponse }] });
      assert.ok((await ask(model, contents, { tools: functions })).text, model);
    }
  },
  async streamed_tools() {
    for (const model of WELL) {
      const calls = [];
      const fields = { model, contents: WEATHER, config: MUST_CALL };
      for await (const chunk of await client.models.generateContentStream(fields)) {
        calls.push(...(chunk.functionCalls ?? []));
      }
      assert.ok(calls.length === 1 && "city" in calls[0].args, model);
    }
  },
  async structured() {
    for (const model of WELL) {
      const config = { responseMimeType: "application/json", responseJsonSchema: CITY };
      assert.ok("city" in JSON.parse((await ask(model, "I live in Oslo.", config)).text), model);
    }
  },
  async image() {
    const parts = [{ text: "What is this?" }, { inlineData: { mimeType: "image/png", data: PNG } }];
    assert.equal((await ask("see-openai", [{ role: "user", parts }])).text, "A cat.");
    const { url } = (await seen("see-openai")).asked.at(-1).messages[0].content[1].image_url;
    assert.equal(url, "data:image/png;base64," + PNG);
  },
  async models_and_tokens() {
    const names = [];
    for await (const model of await client.models.list()) names.push(model.name);
    assert.ok(WELL.every((name) => names.includes("models/" + name)));
    assert.ok((await client.models.countTokens({ model: "gemini", contents: TEXT })).totalTokens > 5);
  },
  async error_classes() {
    for (const [status, work] of [
      [400, () => ask("picky")],
      [401, () => connect("sk-wrong").models.generateContent({ model: "openai", contents: "hi" })],
      [404, () => ask("nobody")],
      [503, () => ask("busy")],
      [503, () => ask("down")],
      [503, () => client.models.generateContentStream({ model: "down", contents: "hi" })],
    ]) {
      const error = await requests(1, () => raised(ApiError, work));
      assert.equal(error.status, status);
    }
  },
  async a_rescued_stream_is_whole() {
    let said = "";
    for await (const chunk of await client.models.generateContentStream({ model: "rescued", contents: "hi" })) {
      said += chunk.text ?? "";
    }
    assert.equal(said, RESCUED);
  },
  async broken_streams_raise() {
    for (const model of ["cut", "early"]) {
      let said = "";
      const read = async () => {
        const stream = await client.models.generateContentStream({ model, contents: "hi" });
        for await (const chunk of stream) said += chunk.text;
      };
      const error = await requests(1, () => raised(ApiError, read));
      assert.equal(said, "Hello");
      assert.ok(error.status === 502 && error.message.includes("incomplete"), error.message);
    }
  },
  async cancellation() {
    await cancelled(async () => {
      const leave = new AbortController();
      const config = { abortSignal: leave.signal };
      const stream = await client.models.generateContentStream({ model: "slow", contents: "hi", config });
      assert.equal((await stream.next()).value.text, "Hello");
      leave.abort();
    });
  },
});
