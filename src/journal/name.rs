//! What files of a journal are called: `2026-11-20T14-03-22Z.jsonl`, `…Z-2.jsonl`, once finished `….jsonl.zst`, and
//! beside them the latencies, `….hlog`.

use crate::model::Wall;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

const PLAIN: &str = ".jsonl";
const PRESSED: &str = ".jsonl.zst";
/// A compressed file that is not whole yet.
pub(super) const PART: &str = "zst.part";

/// `2026-11-20T14-03-22Z`: sorts by time and is a legal file name everywhere.
pub(super) fn stamp(at: Wall) -> String {
    let text = at.to_string().replace(':', "-");
    let seconds = text.split('.').next().unwrap_or(&text);
    format!("{seconds}Z")
}

/// The `n`th file (from 1) that begins in this second.
pub(super) fn plain(stamp: &str, n: u32) -> String {
    if n == 1 {
        format!("{stamp}{PLAIN}")
    } else {
        format!("{stamp}-{n}{PLAIN}")
    }
}

/// When it begins, which of that second it is, and what follows in its name. Our own names only: whatever else lies in
/// the directory is somebody's.
fn parse(name: &str) -> Option<(&str, u32, &str)> {
    let shape = |(i, c): (usize, char)| match i {
        4 | 7 | 13 | 16 => c == '-',
        10 => c == 'T',
        19 => c == 'Z',
        _ => c.is_ascii_digit(),
    };
    let (stamp, rest) = name.split_at_checked(20)?;
    if !stamp.char_indices().all(shape) {
        return None;
    }
    let dot = rest.find('.')?;
    let (n, suffix) = rest.split_at_checked(dot)?;
    let n = match n.strip_prefix('-') {
        Some(n) => n.parse().ok()?,
        None if n.is_empty() => 1,
        None => return None,
    };
    let known = [PLAIN, PRESSED, ".jsonl.zst.part", ".hlog"];
    known.contains(&suffix).then_some((stamp, n, suffix))
}

/// The events of a directory, in the order in which they were written. Of a file that is there twice, since a crash
/// came between, the compressed one is whole.
///
/// It looks twice: a look may meet neither of a file's two names while that is being compressed, but not two of them.
pub fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = BTreeMap::new();
    for file in fs::read_dir(dir)?.chain(fs::read_dir(dir)?) {
        let path = file?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let Some((stamp, n, suffix)) = name.and_then(parse) else {
            continue;
        };
        if suffix == PRESSED || suffix == PLAIN {
            let key = (stamp.to_owned(), n);
            let pressed = suffix == PRESSED;
            files
                .entry(key)
                .and_modify(|had: &mut PathBuf| {
                    if pressed {
                        had.clone_from(&path);
                    }
                })
                .or_insert(path);
        }
    }
    Ok(files.into_values().collect())
}

/// Files that are not compressed.
pub(super) fn unpressed(dir: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(dir).into_iter().flatten().flatten();
    let plain = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.and_then(parse)
            .is_some_and(|(_, _, suffix)| suffix == PLAIN)
    };
    all.map(|file| file.path()).filter(plain).collect()
}

/// Goes by the names, which do not change when files are copied. What cannot be removed is left for the next time.
pub(super) fn remove_old(dir: &Path, now: Wall, keep: Duration) {
    let keep_ms = u64::try_from(keep.as_millis()).unwrap_or(u64::MAX);
    let oldest = stamp(Wall(now.0.saturating_sub(keep_ms)));
    for file in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = file.file_name();
        let begun = name.to_str().and_then(parse).map(|(stamp, ..)| stamp);
        if begun.is_some_and(|begun| *begun < *oldest)
            && let Err(e) = fs::remove_file(file.path())
        {
            tracing::warn!("journal: {} cannot be removed: {e}", file.path().display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_in_the_order_in_which_they_were_written() {
        let dir = tempfile::tempdir().unwrap();
        let stamp = "2026-11-20T14-03-22Z";
        for name in [
            "2026-11-21T00-00-00Z.jsonl.zst",
            &format!("{stamp}-10.jsonl"),
            &format!("{stamp}-2.jsonl"),
            &format!("{stamp}-2.jsonl.zst"),
            &format!("{stamp}.jsonl.zst"),
            &format!("{stamp}.hlog"),
            &format!("{stamp}-3.jsonl.zst.part"),
            "notes.jsonl",
        ] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let names: Vec<_> = files(dir.path())
            .unwrap()
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            names,
            [
                "2026-11-20T14-03-22Z.jsonl.zst",
                "2026-11-20T14-03-22Z-2.jsonl.zst",
                "2026-11-20T14-03-22Z-10.jsonl",
                "2026-11-21T00-00-00Z.jsonl.zst",
            ]
        );
    }
}
