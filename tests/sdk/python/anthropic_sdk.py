"""anthropic for Python, at the Anthropic door."""

import json

import anthropic
from kit import BASE, CITY, KEY, PNG, RESCUED, TEXT, WELL, cancelled, check, raised, requests, run, seen

client = anthropic.Anthropic(base_url=BASE, api_key=KEY)
HI = [{"role": "user", "content": "hi"}]
TOOLS = [{"name": "get_weather", "description": "Weather of a city", "input_schema": CITY}]


def ask(**fields):
    return client.messages.create(max_tokens=300, **fields)


@check
def chat():
    for model in WELL:
        answer = ask(model=model, messages=[{"role": "user", "content": TEXT}])
        assert answer.content[0].text.strip(), model
        assert answer.stop_reason == "end_turn" and answer.usage.output_tokens > 0, model


@check
def stream():
    for model in WELL:
        with client.messages.stream(
            model=model, max_tokens=300, messages=[{"role": "user", "content": TEXT}], system="Answer plainly."
        ) as stream:
            text = "".join(stream.text_stream)
            final = stream.get_final_message()
        assert text.strip() and final.stop_reason == "end_turn", model
        assert final.usage.output_tokens > 0, model


@check
def tools():
    for model in WELL:
        messages = [{"role": "user", "content": "What is the weather in Oslo?"}]
        first = ask(model=model, messages=messages, tools=TOOLS, tool_choice={"type": "any"})
        use = next(b for b in first.content if b.type == "tool_use")
        assert use.name == "get_weather" and "city" in use.input and first.stop_reason == "tool_use", model
        messages.append({"role": "assistant", "content": first.content})
        result = {"type": "tool_result", "tool_use_id": use.id, "content": "4 degrees, rain"}
        messages.append({"role": "user", "content": [result]})
        assert ask(model=model, messages=messages, tools=TOOLS).content[0].text, model


@check
def streamed_tools():
    for model in WELL:
        with client.messages.stream(
            model=model,
            max_tokens=300,
            messages=[{"role": "user", "content": "What is the weather in Oslo?"}],
            tools=TOOLS,
            tool_choice={"type": "any"},
        ) as stream:
            final = stream.get_final_message()
        assert any(b.type == "tool_use" and "city" in b.input for b in final.content), model


@check
def structured():
    for model in WELL:
        answer = ask(
            model=model,
            messages=[{"role": "user", "content": "Extract the city: I live in Oslo."}],
            output_config={"format": {"type": "json_schema", "schema": CITY}},
        )
        assert "city" in json.loads(answer.content[0].text), model


@check
def image():
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    content = [{"type": "image", "source": source}, {"type": "text", "text": "What is this?"}]
    answer = ask(model="see-openai", messages=[{"role": "user", "content": content}])
    assert answer.content[0].text == "A cat."
    url = seen("see-openai")["asked"][-1]["messages"][0]["content"][0]["image_url"]["url"]
    assert url == "data:image/png;base64," + PNG, url


@check
def models_and_tokens():
    assert set(WELL) <= {model.id for model in client.models.list()}
    for model in WELL:
        assert client.messages.count_tokens(model=model, messages=HI).input_tokens > 0, model


@check
def bad_request():
    with requests(1):
        raised(anthropic.BadRequestError, lambda: ask(model="openai", messages="no list"))
    with requests(1):
        error = raised(anthropic.BadRequestError, lambda: ask(model="picky", messages=HI))
    assert "too hot" in str(error)


@check
def wrong_key():
    with requests(1):
        stranger = client.with_options(api_key="sk-wrong")
        raised(
            anthropic.AuthenticationError,
            lambda: stranger.messages.create(model="openai", max_tokens=9, messages=HI),
        )


@check
def unknown_model():
    with requests(1):
        error = raised(anthropic.NotFoundError, lambda: ask(model="nobody", messages=HI))
    assert "gemini" in str(error)


@check
def exhausted():
    for route in ["busy", "down"]:
        for stream in [False, True]:
            with requests(1):
                error = raised(
                    anthropic.InternalServerError, lambda: ask(model=route, messages=HI, stream=stream)
                )
            assert error.status_code == 503 and error.body["error"]["type"] == "overloaded_error", error.body
            assert error.response.headers["x-should-retry"] == "false"


@check
def a_rescued_stream_is_whole():
    with client.messages.stream(model="rescued", max_tokens=99, messages=HI) as stream:
        final = stream.get_final_message()
    assert [b.text for b in final.content] == [RESCUED] and final.stop_reason == "end_turn", final


@check
def broken_streams_raise():
    for route in ["cut", "early"]:
        said = []

        def read():
            with client.messages.stream(model=route, max_tokens=9, messages=HI) as stream:
                said.extend(stream.text_stream)
                return stream.get_final_message()

        with requests(1):
            error = raised(anthropic.APIError, read)
        assert said == ["Hello"] and "incomplete" in str(error), (said, error)


@check
def cancellation():
    with cancelled():
        with client.messages.stream(model="slow", max_tokens=9, messages=HI) as stream:
            assert next(iter(stream.text_stream)) == "Hello"


run()
