// What the scripts share: where the door is, what was counted and seen behind it, and how a check is told.

import assert from "node:assert/strict";

export const BASE = process.env.BREAKERBOX;
export const KEY = "sk-sdk";
// Routes over a simulated provider of each dialect.
export const WELL = ["openai", "anthropic", "gemini"];
export const TEXT =
  "Summarize in one sentence: The night shift found the pump running dry. They closed the inlet, " +
  "called maintenance, and restarted the line an hour later without damage.";
export const WEATHER = "What is the weather in Oslo?";
// What the route `rescued` says, although its first tier breaks off.
export const RESCUED = "The tide turns twice before noon, and the second turn is the one that pilots wait for.";
export const CITY = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
export const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII=";

const get = async (url) => (await fetch(url, { signal: AbortSignal.timeout(5000) })).json();

/** What the scripted upstream of a route was asked, and how many calls to it were given up. */
export const seen = async (route) => (await get(process.env.SEEN)).upstreams[route];

/** Callers who left before their answer was whole. */
const left = async () => (await get(BASE + "/admin/snapshot")).totals.left;

/** Counts what reaches the door: retries multiply. */
export async function requests(expected, work) {
  const before = (await get(process.env.SEEN)).requests;
  const result = await work();
  const sent = (await get(process.env.SEEN)).requests - before;
  assert.equal(sent, expected, `${sent} requests at the door, not ${expected}`);
  return result;
}

/** The error of this kind that the work ends with. */
export async function raised(kind, work) {
  let result;
  try {
    result = await work();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  assert.fail(`nothing was raised; the call returned ${JSON.stringify(result)}`);
}

/** What happens inside leaves a stream in the middle: that counts as left, and ends the upstream's call. */
export async function cancelled(work) {
  const [gone, before] = [await left(), (await seen("slow")).hung_up];
  await work();
  const deadline = Date.now() + 10_000;
  while ((await seen("slow")).hung_up === before || (await left()) === gone) {
    assert.ok(Date.now() < deadline, "the call goes on for nobody");
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** Runs the checks in order, a line for each; the process fails when one of them does. */
export async function run(checks) {
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    const began = performance.now();
    try {
      await check();
      console.log(`ok ${name} ${((performance.now() - began) / 1000).toFixed(2)} s`);
    } catch (error) {
      failed += 1;
      console.log("FAILED", name, error);
    }
  }
  process.exit(failed ? 1 : 0);
}
