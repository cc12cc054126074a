"""LiteLLM's client, which picks the door by the provider in front of the model's name."""

import json
import os
import warnings

# Of its own making: it puts plain dictionaries where its models have classes.
warnings.filterwarnings("ignore", "Pydantic serializer warnings")
# The list of prices is fetched from the network at the import otherwise.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
import openai
from kit import BASE, CITY, KEY, PNG, RESCUED, TEXT, WELL, cancelled, check, raised, requests, run, seen

litellm.suppress_debug_info = True
litellm.telemetry = False
HI = [{"role": "user", "content": "hi"}]
TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "d", "parameters": CITY}}]
DOORS = {"openai": BASE + "/v1", "anthropic": BASE, "gemini": BASE + "/v1beta"}


def ask(door, route, **fields):
    fields = {"messages": HI, "api_key": KEY, "max_tokens": 300, **fields}
    return litellm.completion(model=f"{door}/{route}", api_base=DOORS[door], **fields)


def everywhere():
    return [(door, route) for door in DOORS for route in WELL]


@check
def chat():
    for at in everywhere():
        answer = ask(*at, messages=[{"role": "user", "content": TEXT}])
        assert answer.choices[0].message.content.strip() and answer.choices[0].finish_reason == "stop", at
        assert answer.usage.total_tokens > 0, at


@check
def stream():
    for at in everywhere():
        text, finish = "", None
        for chunk in ask(*at, messages=[{"role": "user", "content": TEXT}], stream=True):
            text += chunk.choices[0].delta.content or ""
            finish = chunk.choices[0].finish_reason or finish
        assert text.strip() and finish == "stop", (at, text, finish)


@check
def tools():
    for at in everywhere():
        messages = [{"role": "user", "content": "What is the weather in Oslo?"}]
        first = ask(*at, messages=messages, tools=TOOLS, tool_choice="required").choices[0]
        call = first.message.tool_calls[0]
        assert call.function.name == "get_weather" and "city" in json.loads(call.function.arguments), at
        messages.append(first.message)
        messages.append({"role": "tool", "tool_call_id": call.id, "content": "4 degrees, rain"})
        assert ask(*at, messages=messages, tools=TOOLS).choices[0].message.content, at


@check
def structured():
    form = {"type": "json_schema", "json_schema": {"name": "place", "strict": True, "schema": CITY}}
    for route in WELL:
        answer = ask(
            "openai",
            route,
            messages=[{"role": "user", "content": "Extract the city: I live in Oslo."}],
            response_format=form,
        )
        assert "city" in json.loads(answer.choices[0].message.content), route


@check
def image():
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PNG}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, picture]}]
    assert ask("openai", "see-anthropic", messages=messages).choices[0].message.content == "A cat."
    source = seen("see-anthropic")["asked"][-1]["messages"][0]["content"][1]["source"]
    assert source == {"type": "base64", "media_type": "image/png", "data": PNG}, source
    assert ask("anthropic", "see-openai", messages=messages).choices[0].message.content == "A cat."
    url = seen("see-openai")["asked"][-1]["messages"][0]["content"][1]["image_url"]["url"]
    assert url == "data:image/png;base64," + PNG, url


@check
def error_classes():
    for door in DOORS:
        with requests(1):
            error = raised(litellm.BadRequestError, lambda: ask(door, "picky"))
        assert "too hot" in str(error), door
        with requests(1):
            raised(litellm.AuthenticationError, lambda: ask(door, "openai", api_key="sk-wrong"))
        with requests(1):
            error = raised(litellm.NotFoundError, lambda: ask(door, "nobody"))
        assert "gemini" in str(error), door


@check
def exhausted():
    unavailable = (litellm.ServiceUnavailableError, litellm.InternalServerError)
    for door in DOORS:
        for route in ["busy", "down"]:
            with requests(1):
                raised(unavailable, lambda: ask(door, route))


@check
def a_rescued_stream_is_whole():
    for door in DOORS:
        chunks = ask(door, "rescued", stream=True)
        assert "".join(c.choices[0].delta.content or "" for c in chunks) == RESCUED, door


@check
def broken_streams_raise():
    for door in DOORS:
        for route in ["cut", "early"]:
            said = []
            with requests(1):
                error = raised(
                    openai.APIError,
                    lambda: said.extend(c.choices[0].delta.content for c in ask(door, route, stream=True)),
                )
            assert said[0] == "Hello" and "incomplete" in str(error), (door, route, said, error)


@check
def cancellation():
    with cancelled():
        stream = ask("openai", "slow", stream=True)
        assert next(iter(stream)).choices[0].delta.content == "Hello"
        stream.completion_stream.close()


run()
