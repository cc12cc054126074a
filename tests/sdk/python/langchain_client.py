"""LangChain's ChatOpenAI, at the OpenAI door."""

import openai
from kit import BASE, KEY, PNG, RESCUED, TEXT, WELL, cancelled, check, raised, requests, run, seen
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel


def chat_with(model, key=KEY):
    return ChatOpenAI(model=model, base_url=BASE + "/v1", api_key=key)


@tool
def get_weather(city: str) -> str:
    """Weather of a city."""
    return "4 degrees, rain"


@check
def chat():
    for model in WELL:
        answer = chat_with(model).invoke(TEXT)
        assert answer.content.strip() and answer.usage_metadata["total_tokens"] > 0, model
        assert answer.response_metadata["finish_reason"] == "stop", model


@check
def stream():
    for model in WELL:
        whole = None
        for chunk in chat_with(model).stream(TEXT):
            whole = chunk if whole is None else whole + chunk
        assert whole.content.strip() and whole.response_metadata["finish_reason"] == "stop", model


@check
def tools():
    for model in WELL:
        messages = [HumanMessage("What is the weather in Oslo?")]
        first = chat_with(model).bind_tools([get_weather], tool_choice="required").invoke(messages)
        call = first.tool_calls[0]
        assert call["name"] == "get_weather" and "city" in call["args"], model
        messages += [first, ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])]
        assert chat_with(model).bind_tools([get_weather]).invoke(messages).content, model


@check
def structured():
    class Place(BaseModel):
        city: str

    for model in WELL:
        for method in ["json_schema", "function_calling"]:
            place = chat_with(model).with_structured_output(Place, method=method).invoke("I live in Oslo.")
            assert isinstance(place, Place), (model, method)


@check
def image():
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PNG}}
    content = [{"type": "text", "text": "What is this?"}, picture]
    assert chat_with("see-anthropic").invoke([HumanMessage(content)]).content == "A cat."
    source = seen("see-anthropic")["asked"][-1]["messages"][0]["content"][1]["source"]
    assert source == {"type": "base64", "media_type": "image/png", "data": PNG}, source


@check
def error_classes():
    for kind, call in [
        (openai.BadRequestError, lambda: chat_with("picky").invoke("hi")),
        (openai.AuthenticationError, lambda: chat_with("openai", "sk-wrong").invoke("hi")),
        (openai.NotFoundError, lambda: chat_with("nobody").invoke("hi")),
        (openai.InternalServerError, lambda: chat_with("busy").invoke("hi")),
        (openai.InternalServerError, lambda: chat_with("down").invoke("hi")),
        (openai.InternalServerError, lambda: list(chat_with("down").stream("hi"))),
    ]:
        with requests(1):
            raised(kind, call)


@check
def a_rescued_stream_is_whole():
    assert "".join(c.content for c in chat_with("rescued").stream("hi")) == RESCUED


@check
def broken_streams_raise():
    for route in ["cut", "early"]:
        said = []
        with requests(1):
            error = raised(
                openai.APIError, lambda: said.extend(c.content for c in chat_with(route).stream("hi"))
            )
        assert "".join(said) == "Hello" and "incomplete" in str(error), (said, error)


@check
def cancellation():
    with cancelled():
        stream = chat_with("slow").stream("hi")
        while next(stream).content != "Hello":
            pass
        stream.close()


run()
