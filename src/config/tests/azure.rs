use super::{native::round_trip, *};
use crate::config::KeySource;

#[test]
fn azure_is_recognised_by_its_address_or_by_its_api_version() {
    let config = toml(
        r#"
[providers.new]
dialect = "openai"
base_url = "https://n.openai.azure.com/openai/v1/"
[providers.old]
dialect = "openai"
base_url = "https://gateway.example.com"
api_version = "2024-10-21"
auth = "bearer"
key_env = "TOKEN"
[routes.r]
tiers = ["new/gpt", "old/gpt"]
"#,
    );
    let seen: Vec<_> = config
        .providers
        .values()
        .map(|p| {
            let azure = p.azure.as_ref().unwrap();
            let version = azure.api_version.as_deref();
            (
                p.base_url.as_str(),
                version,
                azure.bearer,
                p.responses,
                p.vendor.as_str(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (
                "https://n.openai.azure.com/openai",
                None,
                false,
                true,
                "openai"
            ),
            (
                "https://gateway.example.com",
                Some("2024-10-21"),
                true,
                false,
                "example.com"
            ),
        ]
    );
    let from = KeySource::Env("AZURE_OPENAI_API_KEY".to_owned());
    assert_eq!(config.providers["new"].key_from, from);
    round_trip(&config);
}
