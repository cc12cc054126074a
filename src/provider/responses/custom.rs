//! Tools that take a text as it is (`custom`; an agent's patches, say). Elsewhere they are functions with one field for
//! that text: whoever writes the answer has to know which calls to tell as texts again.

use crate::provider::{
    chat::Tool,
    translate::json::{Object, list, parse, present, text},
};
use serde_json::{Value, json};

/// The function's only field.
const FIELD: &str = "input";

/// How the arguments of a call begin and end around its text.
pub(super) const OPENS: &str = r#"{"input":""#;
pub(super) const CLOSES: &str = r#""}"#;

/// The names of a request's custom tools.
pub(crate) fn names(body: &[u8]) -> Vec<String> {
    if memchr::memmem::find(body, br#""custom""#).is_none() {
        return Vec::new();
    }
    let body = parse(body).unwrap_or_default();
    list(&body, "tools")
        .iter()
        .filter(|tool| text(tool, "type") == Some("custom"))
        .filter_map(|tool| text(tool, "name").map(str::to_owned))
        .collect()
}

/// The function that stands for a custom tool. Nobody else holds a model to a grammar: it is told of it.
pub(super) fn function(tool: &Value, name: &str) -> Tool {
    let mut says: Vec<String> = text(tool, "description")
        .map(str::to_owned)
        .into_iter()
        .collect();
    says.push(format!(
        "The field `{FIELD}` holds the whole of what this tool is given, as plain text."
    ));
    if let Some(format) = present(tool, "format")
        && let Some(definition) = text(format, "definition")
    {
        let syntax = text(format, "syntax").unwrap_or_default();
        says.push(format!(
            "The text has to match this grammar ({syntax}):\n{definition}"
        ));
    }
    Tool {
        name: name.to_owned(),
        description: Some(says.join("\n\n")),
        schema: json!({
            "type": "object",
            "properties": { FIELD: { "type": "string" } },
            "required": [FIELD],
            "additionalProperties": false,
        }),
        strict: None,
    }
}

/// The arguments that hold this text.
pub(super) fn wrapped(said: &str) -> Value {
    json!({ FIELD: said })
}

/// The text in a call's arguments. A model that did not keep to the one field gets its own words told.
pub(super) fn unwrapped(arguments: &Value) -> String {
    match arguments {
        Value::String(raw) => raw.clone(),
        other => text(other, FIELD).map_or_else(|| other.to_string(), str::to_owned),
    }
}

/// A piece of a text, as it stands in JSON.
pub(super) fn escaped(said: &str) -> String {
    let quoted = Value::from(said).to_string();
    quoted
        .strip_prefix('"')
        .and_then(|s| s.strip_suffix('"'))
        .unwrap_or_default()
        .to_owned()
}

pub(super) fn item(id: &str, call_id: &str, name: &str, said: &str, status: &str) -> Value {
    let mut item = Object::default();
    item.put("id", id);
    item.put("type", "custom_tool_call");
    item.put("status", status);
    item.put("call_id", call_id);
    item.put("name", name);
    item.put("input", said);
    item.into()
}

/// Takes the text out of arguments that come in pieces.
#[derive(Debug, Clone, Default)]
pub(super) struct Unwrapping {
    /// All that came, for a model that does not keep to the one field.
    came: String,
    /// How far the text has been taken out of it; `None`: its beginning has not come.
    at: Option<usize>,
    ended: bool,
}

impl Unwrapping {
    /// The text that this piece brings.
    pub(super) fn push(&mut self, json: &str) -> String {
        self.came.push_str(json);
        if self.at.is_none() {
            self.at = begin(&self.came);
        }
        let mut said = String::new();
        while let Some(at) = self.at.filter(|_| !self.ended) {
            let rest = self.came.get(at..).unwrap_or_default();
            let plain = rest.find(['"', '\\']).unwrap_or(rest.len());
            said.push_str(rest.get(..plain).unwrap_or_default());
            self.at = Some(at + plain);
            let rest = rest.get(plain..).unwrap_or_default();
            if rest.starts_with('"') {
                self.ended = true;
            }
            let Some((length, meant)) = escape(rest) else {
                break;
            };
            said.push(meant);
            self.at = Some(at + plain + length);
        }
        said
    }

    pub(super) const fn is_over(&self) -> bool {
        self.ended
    }

    /// What is left to tell when nothing more comes.
    pub(super) fn rest(&self) -> String {
        if self.at.is_some() || self.came.is_empty() {
            return String::new();
        }
        let whole = parse(self.came.as_bytes());
        whole.map_or_else(|| self.came.clone(), |arguments| unwrapped(&arguments))
    }
}

/// Where the text begins.
fn begin(json: &str) -> Option<usize> {
    let rest = json.trim_start().strip_prefix('{')?.trim_start();
    let rest = rest.strip_prefix("\"input\"")?.trim_start();
    let rest = rest.strip_prefix(':')?.trim_start().strip_prefix('"')?;
    Some(json.len() - rest.len())
}

/// How long the escape is that this begins with, and the character that it means. None: it has not come as a whole.
fn escape(rest: &str) -> Option<(usize, char)> {
    let mut chars = rest.strip_prefix('\\')?.chars();
    let unit = |at: usize| {
        let digits = rest.get(at..at + 4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let meant = match chars.next()? {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'u' => return code(unit(2)?, rest, unit),
        other => other,
    };
    Some((1 + meant_width(rest), meant))
}

/// How many bytes the character after a backslash has.
fn meant_width(rest: &str) -> usize {
    rest.chars().nth(1).map_or(0, char::len_utf8)
}

/// A character by its number, or two halves of one.
fn code(first: u16, rest: &str, unit: impl Fn(usize) -> Option<u16>) -> Option<(usize, char)> {
    let is_high = (0xd800..0xdc00).contains(&first);
    if !is_high {
        let alone = char::from_u32(first.into());
        return Some((6, alone.unwrap_or(char::REPLACEMENT_CHARACTER)));
    }
    // The other half may still come.
    if rest.len() < 12 && "\\u".starts_with(rest.get(6..rest.len().min(8))?) {
        return None;
    }
    let second = rest.get(6..8).filter(|s| *s == "\\u").and_then(|_| unit(8));
    let whole = char::decode_utf16([Some(first), second].into_iter().flatten()).next()?;
    Some(whole.map_or((6, char::REPLACEMENT_CHARACTER), |c| (12, c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "*** Begin Patch\n+\tsay \"é😀\" \\ / \u{1}\n";

    fn told(json: &str, piece: usize) -> String {
        let mut unwrapping = Unwrapping::default();
        let chars: Vec<char> = json.chars().collect();
        let mut said: String = chars
            .chunks(piece)
            .map(|c| unwrapping.push(&c.iter().collect::<String>()))
            .collect();
        said.push_str(&unwrapping.rest());
        said
    }

    #[test]
    fn a_text_comes_out_of_its_arguments_however_they_are_cut() {
        let plain = wrapped(TEXT).to_string();
        let spaced = plain.replacen("{\"input\":", "{ \"input\" : ", 1) + " ";
        let spelled = plain
            .replace('é', "\\u00e9")
            .replace('😀', "\\ud83d\\ude00");
        for json in [plain, spaced, spelled] {
            for piece in 1..json.len() {
                assert_eq!(told(&json, piece), TEXT, "{json} by {piece}");
            }
        }
    }

    #[test]
    fn half_a_character_is_replaced_and_ends_nothing() {
        for piece in [1, 5, 100] {
            assert_eq!(
                told(r#"{"input":"a\ud83dé\ud83d\n"}"#, piece),
                "a\u{fffd}é\u{fffd}\n"
            );
        }
    }

    #[test]
    fn what_is_not_the_one_field_is_told_as_it_is() {
        assert_eq!(told(r#"{"patch":"x"}"#, 4), r#"{"patch":"x"}"#);
        assert_eq!(told(r#"{"a":1,"input":"x"}"#, 4), "x");
        assert_eq!(told("*** Begin", 4), "*** Begin");
        assert_eq!(told("", 1), "");
    }

    #[test]
    fn pieces_between_their_brackets_are_the_wrapped_text() {
        let pieces: String = TEXT.chars().map(|c| escaped(&c.to_string())).collect();
        assert_eq!(
            format!("{OPENS}{pieces}{CLOSES}"),
            wrapped(TEXT).to_string()
        );
    }
}
