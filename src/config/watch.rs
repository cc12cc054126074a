//! Noticing that the configuration file has changed.

use notify::{
    EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode},
};
use sha2::{Digest, Sha256};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::sync::mpsc;

/// An editor writes, renames and touches in one go; all of that is one change.
const SETTLE: Duration = Duration::from_millis(200);

/// Watches the directory of a file, not the file: editors rename over it and Kubernetes swaps a link beside it.
#[derive(Debug)]
pub struct Watch {
    file: PathBuf,
    last: Option<[u8; 32]>,
    stirred: mpsc::Receiver<()>,
    /// Something stirred and nobody has looked yet.
    due: bool,
    _watcher: RecommendedWatcher,
}

impl Watch {
    pub fn new(file: &Path) -> notify::Result<Self> {
        let (stir, stirred) = mpsc::channel(1);
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                if event.is_ok_and(|event| is_change(event.kind)) {
                    // Full means that a look is due already.
                    let _ = stir.try_send(());
                }
            })?;
        let parent = file.parent().filter(|p| !p.as_os_str().is_empty());
        watcher.watch(
            parent.unwrap_or(Path::new(".")),
            RecursiveMode::NonRecursive,
        )?;
        Ok(Self {
            last: fingerprint(file),
            file: file.to_owned(),
            stirred,
            due: false,
            _watcher: watcher,
        })
    }

    /// Returns when the file has other content than before; `false` when it cannot be watched any more. Nothing is
    /// lost when the future is dropped.
    pub async fn changed(&mut self) -> bool {
        loop {
            if !self.due && self.stirred.recv().await.is_none() {
                return false;
            }
            self.due = true;
            tokio::time::sleep(SETTLE).await;
            while self.stirred.try_recv().is_ok() {}
            self.due = false;
            let now = fingerprint(&self.file);
            if now.is_some() && now != self.last {
                self.last = now;
                return true;
            }
        }
    }
}

/// Reading is no change; closing after writing is.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

/// None while the file is not there: a rename is under way, or it is gone and the old content stays in force.
fn fingerprint(file: &Path) -> Option<[u8; 32]> {
    std::fs::read(file)
        .ok()
        .map(|text| Sha256::digest(text).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(5);
    const QUIET: Duration = Duration::from_millis(450);

    async fn changed(watch: &mut Watch, within: Duration) -> bool {
        tokio::time::timeout(within, watch.changed()).await == Ok(true)
    }

    #[tokio::test]
    async fn a_file_renamed_over_the_watched_one_is_a_change() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("breakerbox.toml");
        std::fs::write(&file, "a").unwrap();
        let mut watch = Watch::new(&file).unwrap();
        let new = dir.path().join(".breakerbox.toml.swp");
        std::fs::write(&new, "b").unwrap();
        std::fs::rename(&new, &file).unwrap();
        assert!(changed(&mut watch, SOON).await);
    }

    #[tokio::test]
    async fn neighbours_and_the_same_content_again_are_no_change() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("breakerbox.toml");
        std::fs::write(&file, "a").unwrap();
        let mut watch = Watch::new(&file).unwrap();
        std::fs::write(dir.path().join("journal"), "x").unwrap();
        std::fs::write(&file, "a").unwrap();
        assert!(!changed(&mut watch, QUIET).await);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_swapped_link_to_the_directory_behind_the_file_is_a_change() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for (version, text) in [("v1", "a"), ("v2", "b")] {
            std::fs::create_dir(at(version)).unwrap();
            std::fs::write(at(version).join("config.toml"), text).unwrap();
        }
        symlink("v1", at("..data")).unwrap();
        symlink("..data/config.toml", at("config.toml")).unwrap();
        let mut watch = Watch::new(&at("config.toml")).unwrap();
        symlink("v2", at("..tmp")).unwrap();
        std::fs::rename(at("..tmp"), at("..data")).unwrap();
        assert!(changed(&mut watch, SOON).await);
    }

    #[tokio::test]
    async fn a_change_survives_a_dropped_wait() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("breakerbox.toml");
        std::fs::write(&file, "a").unwrap();
        let mut watch = Watch::new(&file).unwrap();
        std::fs::write(&file, "b").unwrap();
        assert!(!changed(&mut watch, Duration::from_millis(50)).await);
        assert!(changed(&mut watch, SOON).await);
    }
}
