//! The configuration of the simulated providers: a template and the same reader that every other file gets.

use super::{Config, Origin, load::read, vendor};
use crate::model::Dialect;
use std::{fmt::Write as _, net::SocketAddr, path::Path};

const TEMPLATE: &str = include_str!("../../assets/sim.toml");

/// The configuration for simulated providers at these addresses: id, dialect, address, key.
pub fn simulated(bases: &[(&str, Dialect, SocketAddr, &str)], listen: SocketAddr) -> Config {
    let mut providers = String::new();
    for (id, dialect, address, _) in bases {
        let vendor = vendor::of(*dialect, vendor::known_for(*dialect).base_url);
        let variable = variable(id);
        let more = match dialect {
            Dialect::OpenAi => "responses = true\n",
            _ => "",
        };
        // A String takes everything.
        let _ = write!(
            providers,
            "[providers.{id:?}]\ndialect = \"{dialect}\"\nbase_url = \"http://{address}\"\n\
             vendor = \"{vendor}\"\nkey_env = \"{variable}\"\n{more}\n"
        );
    }
    let text = TEMPLATE
        .replace("{listen}", &listen.to_string())
        .replace("# {providers}", &providers);
    let env = |name: &str| {
        let own = bases.iter().find(|(id, ..)| variable(id) == name);
        own.map(|(.., key)| (*key).to_owned())
    };
    let name = "sim.toml".to_owned();
    read(name, &text, Path::new(""), Origin::Builtin, &env)
        .expect("the template loads with any addresses and keys of its three providers")
}

/// Simulated keys are variables that only this reading knows: the literal would be a warning, and rightly.
fn variable(id: &str) -> String {
    format!(
        "BREAKERBOX_SIM_KEY_{}",
        id.to_ascii_uppercase().replace('-', "_")
    )
}
