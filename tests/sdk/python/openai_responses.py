"""openai for Python, at the door of the Responses API."""

import json

import openai
import pydantic
from kit import BASE, CITY, KEY, PNG, RESCUED, TEXT, WELL, cancelled, check, raised, requests, run, seen

client = openai.OpenAI(base_url=BASE + "/v1", api_key=KEY)
ask = client.responses.create
# Translated for a provider of each dialect, and passed through to an account that has this API.
OPEN = [*WELL, "native"]
TOOLS = [{"type": "function", "name": "get_weather", "parameters": CITY, "strict": False}]


class Place(pydantic.BaseModel):
    city: str


@check
def whole():
    for model in OPEN:
        answer = ask(model=model, input=TEXT, instructions="Answer plainly.", store=False)
        assert answer.output_text.strip() and answer.status == "completed", model
        assert answer.usage.total_tokens > 0, model


@check
def stream():
    for model in OPEN:
        with client.responses.stream(model=model, input=[{"role": "user", "content": TEXT}]) as stream:
            numbers, pieces = [], ""
            for event in stream:
                numbers.append(event.sequence_number)
                if event.type == "response.output_text.delta":
                    pieces += event.delta
            final = stream.get_final_response()
        assert numbers == sorted(set(numbers)), (model, numbers)
        assert pieces.strip() and final.output_text == pieces, (model, pieces, final)


@check
def tools():
    for model in OPEN:
        items = [{"role": "user", "content": "What is the weather in Oslo?"}]
        with client.responses.stream(model=model, input=items, tools=TOOLS, tool_choice="required") as stream:
            first = stream.until_done().get_final_response()
        call = next(item for item in first.output if item.type == "function_call")
        assert call.name == "get_weather" and "city" in json.loads(call.arguments), model
        items += [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in first.output]
        items.append({"type": "function_call_output", "call_id": call.call_id, "output": "4 degrees, rain"})
        assert ask(model=model, input=items, tools=TOOLS).output_text, model


@check
def structured():
    for model in OPEN:
        answer = client.responses.parse(model=model, input="Extract the city: I live in Oslo.", text_format=Place)
        assert isinstance(answer.output_parsed, Place), model


@check
def image():
    picture = {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64," + PNG}
    content = [{"type": "input_text", "text": "What is this?"}, picture]
    assert ask(model="see-anthropic", input=[{"role": "user", "content": content}]).output_text == "A cat."
    source = seen("see-anthropic")["asked"][-1]["messages"][0]["content"][1]["source"]
    assert source == {"type": "base64", "media_type": "image/png", "data": PNG}, source


@check
def errors():
    raised(openai.NotFoundError, lambda: ask(model="nobody", input="x"))
    raised(openai.BadRequestError, lambda: ask(model="openai", input=5))
    error = raised(
        openai.BadRequestError, lambda: ask(model="anthropic", input="x", tools=[{"type": "web_search"}])
    )
    assert error.param == "tools[0]", error


@check
def exhausted():
    for route in ["busy", "down"]:
        for stream in [False, True]:
            with requests(1):
                error = raised(openai.InternalServerError, lambda: ask(model=route, input="hi", stream=stream))
            assert error.status_code == 503 and error.response.headers["x-should-retry"] == "false"


def pieces(route):
    for event in ask(model=route, input="hi", stream=True):
        if event.type == "response.output_text.delta":
            yield event.delta


@check
def a_rescued_stream_is_whole():
    assert "".join(pieces("rescued")) == RESCUED


@check
def broken_streams_raise():
    for route in ["cut", "early"]:
        with requests(1):
            said = []
            error = raised(openai.APIError, lambda: said.extend(pieces(route)))
        assert said == ["Hello"], said
        assert "incomplete" in error.message, error


@check
def cancellation():
    with cancelled():
        stream = ask(model="slow", input="hi", stream=True)
        assert any(event.type == "response.output_text.delta" for event in stream)
        stream.close()


run()
