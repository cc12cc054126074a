//! Images and files: data URLs, media types, and tool call ids that every dialect takes.

use crate::provider::chat::{Media, Part};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Reads an image or file reference: `data:image/png;base64,…` or an address.
pub(crate) fn from_url(url: &str) -> Media {
    let inline = url.strip_prefix("data:").and_then(|rest| {
        let (head, data) = rest.split_once(',')?;
        let media_type = head.strip_suffix(";base64")?.split(';').next()?;
        Some(Media::Base64 {
            media_type: media_type.to_owned(),
            data: data.to_owned(),
        })
    });
    inline.unwrap_or_else(|| Media::Url(url.to_owned()))
}

/// Writes a reference as one string.
pub(crate) fn to_url(media: &Media) -> String {
    match media {
        Media::Base64 { media_type, data } => format!("data:{media_type};base64,{data}"),
        Media::Url(url) => url.clone(),
    }
}

/// An image if its media type (or its address's ending) says so, else a file.
pub(crate) fn part(media: Media, name: Option<String>) -> Part {
    let kind = match &media {
        Media::Base64 { media_type, .. } => Some(media_type.as_str()),
        Media::Url(url) => type_of(url),
    };
    if kind.is_some_and(|k| k.starts_with("image/")) {
        Part::Image(media)
    } else {
        Part::File { media, name }
    }
}

/// The media type that an address's ending suggests.
pub(crate) fn type_of(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next()?;
    let ending = path
        .rsplit('/')
        .next()?
        .rsplit_once('.')?
        .1
        .to_ascii_lowercase();
    Some(match ending.as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "heic" => "image/heic",
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "wav" => "audio/wav",
        "mp3" => "audio/mp3",
        "mp4" => "video/mp4",
        _ => return None,
    })
}

/// Plain base64 to text; `None` when it is not base64 of UTF-8.
pub(crate) fn decode_text(data: &str) -> Option<String> {
    let mut out = Vec::with_capacity(data.len() / 4 * 3);
    let (mut bits, mut n) = (0u32, 0u32);
    for b in data
        .bytes()
        .filter(|b| !b.is_ascii_whitespace() && *b != b'=')
    {
        let six = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        n += 6;
        if n >= 8 {
            n -= 8;
            out.push(u8::try_from(bits >> n & 0xFF).ok()?);
        }
    }
    String::from_utf8(out).ok()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes to plain base64.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, i| {
            bits << 8 | usize::from(three.get(i).copied().unwrap_or(0))
        });
        for i in 0..4 {
            let six = bits >> (18 - 6 * i) & 0x3F;
            let digit = ALPHABET.get(six).filter(|_| i <= three.len());
            out.push(char::from(digit.copied().unwrap_or(b'=')));
        }
    }
    out
}

/// Base64 in the alphabet that every provider takes: Google's SDK sends the one made for addresses.
pub(crate) fn standard(data: &str) -> String {
    data.replace('-', "+").replace('_', "/")
}

/// OpenAI refuses longer ids; Anthropic refuses other characters.
const LONGEST_ID: usize = 40;

/// A tool call id that every dialect takes. The same id always gives the same one, so a call and its result stay
/// together.
pub(crate) fn tool_id(id: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !id.is_empty() && id.len() <= LONGEST_ID && id.chars().all(fits) {
        return id.to_owned();
    }
    let mut hash = DefaultHasher::new();
    id.hash(&mut hash);
    let head: String = id.chars().filter(|c| fits(*c)).take(20).collect();
    format!("{head}_{:016x}", hash.finish())
}

/// An id for the `n`th call of an answer whose dialect gives none: the same answer always gives the same ids, and
/// two answers of one conversation never share one.
pub(crate) fn made_up_id(answer: &str, n: usize, name: &str) -> String {
    let mut hash = DefaultHasher::new();
    (answer, n, name).hash(&mut hash);
    format!("call_{:016x}_{n}", hash.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_urls_read_back_as_they_are_written() {
        let url = "data:image/png;base64,iVBOR";
        assert_eq!(to_url(&from_url(url)), url);
        assert_eq!(
            from_url("https://x/y.png"),
            Media::Url("https://x/y.png".to_owned())
        );
        assert!(matches!(
            part(from_url("https://x/y.PDF?z=1.png"), None),
            Part::File { .. }
        ));
    }

    #[test]
    fn base64_is_written_as_it_is_read() {
        for text in ["", "a", "ab", "abc", "\u{6f22}\u{5b57}??>>~~"] {
            assert_eq!(decode_text(&encode(text.as_bytes())).as_deref(), Some(text));
        }
        assert_eq!(encode(b"ab"), "YWI=");
    }

    #[test]
    fn base64_text_is_decoded() {
        assert_eq!(decode_text("aGVsbG8=").as_deref(), Some("hello"));
        assert_eq!(decode_text("4oK"), None, "half a character");
        assert_eq!(decode_text("a*b"), None);
    }

    #[test]
    fn tool_ids_fit_every_dialect_and_stay_distinct() {
        assert_eq!(tool_id("toolu_01Ab-9"), "toolu_01Ab-9");
        for odd in ["functions.x:0", "", &"a".repeat(90)] {
            let id = tool_id(odd);
            assert!(
                id.len() <= LONGEST_ID
                    && id
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
            );
        }
        assert_ne!(tool_id("a.b"), tool_id("a:b"));
    }
}
