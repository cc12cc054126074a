//! What changed in a tree of JSON, as small as it can be said: a second of traffic moves a few numbers of a snapshot.
//!
//! A patch is `[value]` (now this), `[]` (gone), or an object with the patches of what is inside: by key, or for a list
//! by index. `len` shortens a list first; what is longer is in it by index, as `[value]`.

use serde_json::{Map, Value};

/// What makes `new` of `old`; none: nothing.
pub(super) fn diff(old: &Value, new: &Value) -> Option<Value> {
    match (old, new) {
        _ if old == new => None,
        (Value::Object(old), Value::Object(new)) => Some(Value::Object(objects(old, new))),
        (Value::Array(old), Value::Array(new)) => Some(Value::Object(lists(old, new))),
        (_, new) => Some(now(new)),
    }
}

fn now(value: &Value) -> Value {
    Value::Array(vec![value.clone()])
}

fn objects(old: &Map<String, Value>, new: &Map<String, Value>) -> Map<String, Value> {
    let gone = old.keys().filter(|key| !new.contains_key(*key));
    let gone = gone.map(|key| (key.clone(), Value::Array(Vec::new())));
    let moved = new.iter().filter_map(|(key, value)| {
        let patch = old
            .get(key)
            .map_or_else(|| Some(now(value)), |was| diff(was, value));
        Some((key.clone(), patch?))
    });
    gone.chain(moved).collect()
}

fn lists(old: &[Value], new: &[Value]) -> Map<String, Value> {
    let shorter = (new.len() < old.len()).then(|| ("len".to_owned(), Value::from(new.len())));
    let moved = new.iter().enumerate().filter_map(|(i, value)| {
        let patch = old
            .get(i)
            .map_or_else(|| Some(now(value)), |was| diff(was, value));
        Some((i.to_string(), patch?))
    });
    shorter.into_iter().chain(moved).collect()
}

/// Carries out a patch. The error says where it does not fit: then something was missed.
pub(super) fn apply(to: &mut Value, patch: Value) -> Result<(), String> {
    match (to, patch) {
        (to, Value::Array(mut value)) => {
            *to = value.pop().unwrap_or_default();
            Ok(())
        }
        (Value::Object(to), Value::Object(patches)) => {
            patches.into_iter().try_for_each(|(key, patch)| {
                if patch.as_array().is_some_and(Vec::is_empty) {
                    to.shift_remove(&key);
                    return Ok(());
                }
                let inside = |why| format!("{key}.{why}");
                apply(to.entry(&key).or_insert(Value::Null), patch).map_err(inside)
            })
        }
        (Value::Array(to), Value::Object(patches)) => {
            patches.into_iter().try_for_each(|(key, patch)| {
                if key == "len" {
                    to.truncate(
                        patch
                            .as_u64()
                            .and_then(|n| usize::try_from(n).ok())
                            .ok_or("len")?,
                    );
                    return Ok(());
                }
                let i: usize = key
                    .parse()
                    .map_err(|_| format!("{key} is no place in a list"))?;
                if i == to.len() {
                    to.push(Value::Null);
                }
                let inside = |why| format!("{key}.{why}");
                apply(
                    to.get_mut(i)
                        .ok_or_else(|| format!("{key} is past the end"))?,
                    patch,
                )
                .map_err(inside)
            })
        }
        (to, _) => Err(format!(
            "there is no {} to be changed",
            if to.is_null() { "value" } else { "tree" }
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..5_u8).prop_map(Value::from),
            "[a-c]".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 48, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::hash_map(
                    prop_oneof!["[a-d]", Just("len".to_owned())],
                    inner,
                    0..5
                )
                .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_changed_makes_the_new_of_the_old(old in tree(), new in tree()) {
            let mut told = old.clone();
            if let Some(patch) = diff(&old, &new) {
                apply(&mut told, patch).unwrap();
            }
            prop_assert_eq!(told, new);
        }
    }

    #[test]
    fn only_what_moved_is_said() {
        let old = json!({"a": {"n": 1, "m": 2}, "list": [{"x": 1}, {"x": 2}], "gone": 1});
        let new = json!({"a": {"n": 1, "m": 3}, "list": [{"x": 1}, {"x": 5}, 7], "new": [1]});
        let patch =
            json!({"gone": [], "a": {"m": [3]}, "list": {"1": {"x": [5]}, "2": [7]}, "new": [[1]]});
        assert_eq!(diff(&old, &new), Some(patch));
        assert_eq!(diff(&old, &old), None);
    }

    #[test]
    fn a_patch_for_another_tree_says_where_it_does_not_fit() {
        let mut tree = json!({"a": {"list": [1]}});
        let err = apply(&mut tree, json!({"a": {"list": {"4": [1]}}})).unwrap_err();
        assert_eq!(err, "a.list.4 is past the end");
        let err = apply(&mut tree, json!({"a": {"list": {"0": {"x": [1]}}}})).unwrap_err();
        assert!(err.starts_with("a.list.0."), "{err}");
    }
}
