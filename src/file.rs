//! Small files that are written as a whole: the old one or the new one, whatever happens, and never half of one.

use std::{
    ffi::OsString,
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// A file beside it, under a longer name.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// All of it, or one byte more than `most`.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path)?;
    file.take(most + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    let new = beside(path, &format!(".{}.new", std::process::id()));
    let done = write_new(&new, bytes).and_then(|()| fs::rename(&new, path));
    if done.is_err() {
        // There may be none, and the error that matters is the first.
        let _ = fs::remove_file(&new);
    }
    done
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Renames what cannot be used, and says where it is now.
pub(crate) fn put_aside(path: &Path) -> io::Result<PathBuf> {
    let aside = beside(path, ".old");
    fs::rename(path, &aside).map(|()| aside)
}
