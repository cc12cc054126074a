"""openai for Python, at the door of the Responses API."""

import json

import openai
import pydantic
from kit import BASE, CITY, KEY, TEXT, WELL, check, raised, run

client = openai.OpenAI(base_url=BASE + "/v1", api_key=KEY)
ask = client.responses.create
TOOLS = [{"type": "function", "name": "get_weather", "parameters": CITY, "strict": False}]


class Place(pydantic.BaseModel):
    city: str


@check
def whole():
    for model in WELL:
        answer = ask(model=model, input=TEXT, instructions="Answer plainly.", store=False)
        assert answer.output_text.strip() and answer.status == "completed", model
        assert answer.usage.total_tokens > 0, model


@check
def stream():
    for model in WELL:
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
    for model in WELL:
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
    for model in WELL:
        answer = client.responses.parse(model=model, input="Extract the city: I live in Oslo.", text_format=Place)
        assert isinstance(answer.output_parsed, Place), model


@check
def errors():
    raised(openai.NotFoundError, lambda: ask(model="nobody", input="x"))
    raised(openai.BadRequestError, lambda: ask(model="openai", input=5))
    error = raised(
        openai.BadRequestError, lambda: ask(model="anthropic", input="x", tools=[{"type": "web_search"}])
    )
    assert error.param == "tools[0]", error


run()
