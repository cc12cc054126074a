//! Where in a file something stands.

use crate::config::{Node, Value, line_and_column, tree_of};
use serde::Serialize;
use std::collections::HashMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Both from 1.
    pub line: usize,
    pub column: usize,
}

/// The places of everything in a file.
#[derive(Debug, Default)]
pub struct Places {
    text: String,
    keys: HashMap<Vec<String>, usize>,
    /// What stands in it as text, in the order of the file: names of deployments, mostly.
    words: Vec<(String, usize)>,
    /// LiteLLM's groups: their first `model_name`.
    groups: HashMap<String, usize>,
}

impl Places {
    /// None are known of a text that cannot be parsed.
    pub fn read(name: &str, text: &str) -> Self {
        let mut places = Self {
            text: text.to_owned(),
            ..Self::default()
        };
        if let Some(root) = tree_of(name, text) {
            places.walk(&root, &mut Vec::new());
        }
        places
    }

    fn walk(&mut self, node: &Node, path: &mut Vec<String>) {
        match &node.value {
            Value::Table(entries) => {
                for entry in entries {
                    path.push(entry.key.clone());
                    self.keys.insert(path.clone(), entry.key_at.start);
                    self.walk(&entry.node, path);
                    if entry.key == "model_name"
                        && let Value::Text(name) = &entry.node.value
                    {
                        self.groups
                            .entry(name.clone())
                            .or_insert(entry.key_at.start);
                    }
                    path.pop();
                }
            }
            Value::List(items) => {
                for (i, item) in items.iter().enumerate() {
                    path.push(i.to_string());
                    self.keys.insert(path.clone(), item.at.start);
                    self.walk(item, path);
                    path.pop();
                }
            }
            Value::Text(word) => self.words.push((word.clone(), node.at.start)),
            _ => {}
        }
    }

    /// The place of these keys, or of the nearest that the file has: what is implied has no line of its own.
    pub fn of(&self, path: &[String]) -> Option<Place> {
        let nearest = |least: usize| {
            let mut ends = (least..=path.len()).rev();
            ends.find_map(|end| self.keys.get(path.get(..end)?))
        };
        let at = nearest(2)
            .copied()
            .or_else(|| self.named(path))
            .or_else(|| nearest(1).copied())?;
        let (line, column) = line_and_column(&self.text, at);
        Some(Place { line, column })
    }

    /// A LiteLLM group, or a provider or deployment that is only named.
    fn named(&self, path: &[String]) -> Option<usize> {
        let [section, name, ..] = path else {
            return None;
        };
        let word = |is: &dyn Fn(&str) -> bool| {
            let found = self.words.iter().find(|(word, _)| is(word));
            found.map(|(_, at)| *at)
        };
        match section.as_str() {
            "routes" => self.groups.get(name).copied(),
            "deployments" => word(&|w| w == name),
            "providers" => word(&|w| {
                w.strip_prefix(name.as_str())
                    .is_some_and(|r| r.starts_with('/'))
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(places: &Places, path: &[&str]) -> Option<usize> {
        let path: Vec<_> = path.iter().map(|&k| k.to_owned()).collect();
        places.of(&path).map(|p| p.line)
    }

    #[test]
    fn a_key_is_found_and_what_is_implied_is_found_where_its_name_stands() {
        let text = "[routes.r]\ntiers = [\n  \"openai/a\",\n  { deployment = \"gemini/b\" },\n]\n\n[judge]\nsample = 0\n";
        let places = Places::read("c.toml", text);
        assert_eq!(line(&places, &["routes", "r", "tiers", "1"]), Some(4));
        assert_eq!(line(&places, &["routes", "r", "deadline"]), Some(1));
        assert_eq!(line(&places, &["judge", "sample"]), Some(8));
        assert_eq!(line(&places, &["judge", "window"]), Some(7));
        assert_eq!(line(&places, &["providers", "gemini"]), Some(4));
        assert_eq!(line(&places, &["deployments", "openai/a"]), Some(3));
        assert_eq!(line(&places, &["journal", "path"]), None);
        assert_eq!(line(&places, &[]), None);
    }

    #[test]
    fn a_litellm_group_is_found_by_its_first_model_name() {
        let text = "model_list:\n  - litellm_params: {model: openai/a}\n    model_name: fast\n  - model_name: fast\n";
        let places = Places::read("c.yaml", text);
        assert_eq!(line(&places, &["routes", "fast", "deadline"]), Some(3));
        assert_eq!(line(&places, &["providers", "openai"]), Some(2));
        assert_eq!(line(&places, &["routes", "slow"]), None);
    }

    #[test]
    fn a_text_that_cannot_be_parsed_has_no_places() {
        let places = Places::read("c.toml", "a = = 1");
        assert_eq!(line(&places, &["a"]), None);
    }
}
