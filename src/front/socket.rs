//! The operators' door on this machine: a Unix socket that only its owner may open.

use super::serve::{Connections, Listen, Peer};
use crate::config::is_answered;
use axum::Router as Axum;
use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

/// A listening socket. Its file goes with it.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// The file that was made here: its device and inode.
    made: (u64, u64),
}

impl Socket {
    /// One that was left behind is taken over; one that somebody answers on is not.
    pub fn bind(path: &Path) -> Result<Self, String> {
        let said = |e: io::Error| {
            let at = path.display();
            format!(
                "no socket for commands at {at}: {e}; set control.socket, or \"off\" to do without"
            )
        };
        let is_taken = |why| said(io::Error::new(io::ErrorKind::AddrInUse, why));
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        let dir = dir.unwrap_or(Path::new("."));
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(said)?;
        // What is no socket refuses too, and is somebody's file.
        if fs::symlink_metadata(path).is_ok_and(|file| !file.file_type().is_socket()) {
            return Err(is_taken("a file that is no socket is there"));
        }
        if is_answered(path) {
            return Err(is_taken("another breakerbox answers there"));
        }
        // Nobody can open it before it is this user's alone, and it takes the place of one that was left behind at once.
        let closed = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(dir)
            .map_err(said)?;
        let made = closed.path().join("s");
        let listener = UnixListener::bind(&made).map_err(said)?;
        fs::set_permissions(&made, fs::Permissions::from_mode(0o600)).map_err(said)?;
        let own = identity(&made).map_err(said)?;
        fs::rename(&made, path).map_err(said)?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            made: own,
        })
    }

    /// Serves until `stop`; then lets what is under way finish for up to `drain`.
    pub async fn serve(
        self,
        app: Axum,
        header_timeout: Duration,
        drain: Duration,
        stop: CancellationToken,
    ) {
        let connections = Connections::new(app, header_timeout, stop);
        connections.serve(self, drain).await;
    }
}

impl Listen for Socket {
    type Stream = UnixStream;

    async fn next(&self) -> io::Result<(UnixStream, Peer)> {
        let (stream, _) = self.listener.accept().await?;
        let uid = stream.peer_cred().ok().map(|who| who.uid());
        Ok((stream, Peer::Socket { uid }))
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let file = fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}

impl Drop for Socket {
    /// Another router may have its own there by now.
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|there| there == self.made) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_its_owner_may_open_it_and_one_that_was_left_behind_is_taken_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run/4141.sock");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let socket = Socket::bind(&path).unwrap();
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let taken = Socket::bind(&path).unwrap_err();
        assert!(
            taken.contains("another breakerbox answers there"),
            "{taken}"
        );
        drop(socket);
        assert!(!path.exists());
        // As a process that was killed leaves it.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let again = Socket::bind(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        let beside = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(beside, 1, "nothing is left beside it");
        drop(again);
    }

    #[tokio::test]
    async fn one_that_another_router_has_put_in_its_place_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("4141.sock");
        let first = Socket::bind(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let second = Socket::bind(&path).unwrap();
        drop(first);
        assert!(is_answered(&path));
        drop(second);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_file_that_is_no_socket_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notes.txt");
        fs::write(&path, "mine").unwrap();
        let refused = Socket::bind(&path).unwrap_err();
        assert!(refused.contains("no socket is there"), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }
}
