//! Which file is meant when nobody says so.

use super::env::{Env, xdg};
use std::path::{Path, PathBuf};

/// Where the configuration is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    File(PathBuf),
    /// There is none: simulated providers.
    Builtin,
}

/// Names the file where nobody else does.
const VARIABLE: &str = "BREAKERBOX_CONFIG";

/// The file that was named, here or by the variable, whether it exists or not; else `./breakerbox.toml`; else
/// `breakerbox/config.toml` in the user's configuration directory.
pub fn find(flag: Option<&Path>, env: &dyn Env) -> Found {
    find_from(Path::new("."), flag, env)
}

fn find_from(here: &Path, flag: Option<&Path>, env: &dyn Env) -> Found {
    let named = flag.map(Path::to_owned);
    if let Some(path) = named.or_else(|| env.var(VARIABLE).map(PathBuf::from)) {
        return Found::File(path);
    }
    // `./` in front of every message would say nothing.
    let local = match here.to_str() {
        Some(".") => PathBuf::from("breakerbox.toml"),
        _ => here.join("breakerbox.toml"),
    };
    let users = xdg("XDG_CONFIG_HOME", ".config", env).map(|d| d.join("breakerbox/config.toml"));
    std::iter::once(local)
        .chain(users)
        .find(|path| path.is_file())
        .map_or(Found::Builtin, Found::File)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_comes_first_then_the_variable_then_here_then_the_users_directory_then_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().to_str().unwrap().to_owned();
        let env = |name: &str| (name == "HOME").then(|| home.clone());
        let here = dir.path().join("here");
        std::fs::create_dir_all(&here).unwrap();
        assert_eq!(find_from(&here, None, &env), Found::Builtin);

        let users = dir.path().join(".config/breakerbox/config.toml");
        std::fs::create_dir_all(users.parent().unwrap()).unwrap();
        std::fs::write(&users, "").unwrap();
        assert_eq!(find_from(&here, None, &env), Found::File(users));

        let local = here.join("breakerbox.toml");
        std::fs::write(&local, "").unwrap();
        assert_eq!(find_from(&here, None, &env), Found::File(local));

        let by_variable = |name: &str| match name {
            VARIABLE => Some("/nowhere/y.toml".to_owned()),
            other => env(other),
        };
        let found = find_from(&here, None, &by_variable);
        assert_eq!(found, Found::File("/nowhere/y.toml".into()));

        let named = Path::new("/nowhere/x.yaml");
        assert_eq!(
            find_from(&here, Some(named), &by_variable),
            Found::File(named.to_owned())
        );
    }
}
