//! The scenarios that come with breakerbox, and how one is found.

use super::Scenario;
use std::path::Path;

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        /// File name and text.
        const SHIPPED: &[(&str, &str)] = &[$((
            $name,
            include_str!(concat!("../../../assets/drills/", $name, ".toml")),
        )),*];
    };
}

shipped!(
    "bad-key-tuesday",
    "april-7",
    "april-8",
    "hang",
    "slow",
    "brownout-30",
    "august-2025",
    "quota",
    "mid-stream",
    "flap",
    "judge-down",
    "judge-drift",
    "all-down",
    "thundering-return",
);

/// All that come with breakerbox.
pub fn shipped() -> Vec<Scenario> {
    let read = |(name, text): &(&str, &str)| Scenario::parse(&format!("{name}.toml"), text);
    SHIPPED
        .iter()
        .map(|s| read(s).expect("the tests read every scenario that is shipped"))
        .collect()
}

/// A shipped scenario by its name, or one of the user's own by its file. The error lists what there is.
pub fn find(name: &str) -> Result<Scenario, String> {
    if let Some((_, text)) = SHIPPED.iter().find(|(known, _)| *known == name) {
        return Scenario::parse(&format!("{name}.toml"), text).map_err(|p| p.to_string());
    }
    let is_file = name.contains(['/', '.']) || Path::new(name).exists();
    if !is_file {
        let names: Vec<_> = SHIPPED.iter().map(|(known, _)| *known).collect();
        let hint = crate::config::hint(name, names.iter().copied());
        return Err(format!(
            "there is no drill {name:?}{hint}\nthere are: {}; or name a file of your own",
            names.join(", ")
        ));
    }
    let text = std::fs::read_to_string(name).map_err(|e| format!("{name}: cannot be read: {e}"))?;
    Scenario::parse(name, &text).map_err(|p| p.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_scenario_reads_and_is_called_like_its_file_and_takes_minutes() {
        for (name, text) in SHIPPED {
            let read = Scenario::parse(name, text).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(read.name, *name);
            let measured = read.steady_s + read.fault_window();
            assert!(
                measured.as_secs() <= 300,
                "{name} takes {measured:?} at least"
            );
        }
        assert!(find("nothing").unwrap_err().contains("bad-key-tuesday"));
    }

    #[test]
    fn a_scenario_of_ones_own_is_named_by_its_file_and_so_are_its_mistakes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("own.toml");
        let name = path.to_str().unwrap();
        let (_, text) = SHIPPED.first().unwrap();
        std::fs::write(&path, text).unwrap();
        assert_eq!(find(name).unwrap().name, "bad-key-tuesday");
        std::fs::write(&path, format!("nme = \"x\"\n{text}")).unwrap();
        let why = find(name).unwrap_err();
        assert!(
            why.starts_with(&format!("{name}:1: ")) && why.contains("nme"),
            "{why}"
        );
        assert!(
            find("none/there.toml")
                .unwrap_err()
                .contains("cannot be read")
        );
    }
}
