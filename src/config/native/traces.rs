//! `[traces]`

use super::headers::headers;
use crate::config::{
    Protocol, Traces,
    load::Context,
    read::{Field, Table},
};
use http::Uri;

/// None: the file says nothing of traces; the environment may.
pub(super) fn read(table: Option<Table<'_>>, cx: &Context<'_>) -> Option<Traces> {
    let table = table?;
    let traces = Traces {
        endpoint: table.get("endpoint").and_then(|f| endpoint(&f)),
        protocol: table.get("protocol").and_then(|f| f.word(&Protocol::WORDS)),
        headers: table
            .table("headers")
            .map_or_else(Vec::new, |t| headers(&t, cx, "the collector may refuse us")),
        sample: table.get("sample").and_then(|f| f.share()).unwrap_or(1.0),
    };
    table.finish();
    Some(traces)
}

fn endpoint(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    let uri: Option<Uri> = text.parse().ok();
    let is_http = |u: &Uri| matches!(u.scheme_str(), Some("http" | "https"));
    let Some(uri) = uri.filter(|u| is_http(u) && u.host().is_some()) else {
        field.error("expected an address like \"http://localhost:4318\"");
        return None;
    };
    if uri.authority().is_some_and(|a| a.as_str().contains('@')) {
        field.error("a name and a password in an address are shown where addresses are; put them under headers");
        return None;
    }
    Some(text.trim_end_matches('/').to_owned())
}
