"""openai for Python, at the OpenAI door."""

import json

import openai
from kit import BASE, CITY, KEY, PNG, RESCUED, TEXT, WELL, cancelled, check, raised, requests, run, seen

client = openai.OpenAI(base_url=BASE + "/v1", api_key=KEY)
ask = client.chat.completions.create
HI = [{"role": "user", "content": "hi"}]
TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "d", "parameters": CITY}}]


@check
def chat():
    for model in WELL:
        answer = ask(model=model, messages=[{"role": "user", "content": TEXT}])
        assert answer.choices[0].message.content.strip(), model
        assert answer.choices[0].finish_reason == "stop", model
        assert answer.usage.total_tokens > 0, model


@check
def headers():
    raw = client.chat.completions.with_raw_response.create(model="openai", messages=HI)
    assert raw.headers["x-breakerbox-rung"] == "0"
    assert raw.request_id == raw.headers["x-breakerbox-request-id"]


@check
def stream():
    for model in WELL:
        text, finish, usage = "", None, None
        for chunk in ask(
            model=model,
            messages=[{"role": "developer", "content": "Answer plainly."}, {"role": "user", "content": TEXT}],
            stream=True,
            stream_options={"include_usage": True},
        ):
            usage = chunk.usage or usage
            for choice in chunk.choices:
                text += choice.delta.content or ""
                finish = choice.finish_reason or finish
        assert text.strip() and finish == "stop", (model, text, finish)
        assert usage.completion_tokens > 0, model


@check
def tools():
    for model in WELL:
        messages = [{"role": "user", "content": "What is the weather in Oslo?"}]
        first = ask(model=model, messages=messages, tools=TOOLS, tool_choice="required").choices[0]
        call = first.message.tool_calls[0]
        assert call.function.name == "get_weather" and "city" in json.loads(call.function.arguments), model
        assert first.finish_reason == "tool_calls", model
        messages.append(first.message)
        messages.append({"role": "tool", "tool_call_id": call.id, "content": "4 degrees, rain"})
        assert ask(model=model, messages=messages, tools=TOOLS).choices[0].message.content, model


@check
def streamed_tools():
    for model in WELL:
        with client.chat.completions.stream(
            model=model,
            messages=[{"role": "user", "content": "What is the weather in Oslo?"}],
            tools=TOOLS,
            tool_choice="required",
        ) as stream:
            call = stream.get_final_completion().choices[0].message.tool_calls[0]
        assert "city" in json.loads(call.function.arguments), model


@check
def structured():
    for model in WELL:
        answer = ask(
            model=model,
            messages=[{"role": "user", "content": "Extract the city: I live in Oslo."}],
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "place", "strict": True, "schema": CITY},
            },
        )
        assert "city" in json.loads(answer.choices[0].message.content), model


@check
def image():
    answer = ask(
        model="see-anthropic",
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PNG}},
                ],
            }
        ],
    )
    assert answer.choices[0].message.content == "A cat."
    source = seen("see-anthropic")["asked"][-1]["messages"][0]["content"][1]["source"]
    assert source == {"type": "base64", "media_type": "image/png", "data": PNG}, source


@check
def models():
    assert set(WELL) <= {model.id for model in client.models.list()}
    assert client.models.retrieve("openai").id == "openai"


@check
def bad_request():
    with requests(1):
        raised(openai.BadRequestError, lambda: ask(model="openai", messages="not a list"))
    with requests(1):
        error = raised(openai.BadRequestError, lambda: ask(model="picky", messages=HI, temperature=9))
    assert error.param == "temperature" and "too hot" in error.message


@check
def wrong_key():
    with requests(1):
        stranger = client.with_options(api_key="sk-wrong")
        raised(openai.AuthenticationError, lambda: stranger.chat.completions.create(model="openai", messages=HI))


@check
def unknown_model():
    with requests(1):
        error = raised(openai.NotFoundError, lambda: ask(model="nobody", messages=HI))
    assert "gemini" in error.message and error.code == "model_not_found"


@check
def exhausted():
    for route in ["busy", "down"]:
        for stream in [False, True]:
            with requests(1):
                error = raised(
                    openai.InternalServerError, lambda: ask(model=route, messages=HI, stream=stream)
                )
            assert error.status_code == 503 and error.response.headers["x-should-retry"] == "false"
            assert 1 <= int(error.response.headers["retry-after"]) <= 30


@check
def a_rescued_stream_is_whole():
    chunks = list(ask(model="rescued", messages=HI, stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == RESCUED
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"


@check
def broken_streams_raise():
    for route in ["cut", "early"]:
        with requests(1):
            said = []
            error = raised(
                openai.APIError,
                lambda: said.extend(c.choices[0].delta.content for c in ask(model=route, messages=HI, stream=True)),
            )
        assert said == ["Hello"], said
        assert "incomplete" in error.message, error


@check
def cancellation():
    with cancelled():
        stream = ask(model="slow", messages=HI, stream=True)
        assert next(stream).choices[0].delta.content == "Hello"
        stream.close()


run()
